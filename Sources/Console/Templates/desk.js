// Files are dropped and their progress is shown; a page that waits is asked again until it has come further.
"use strict";
(() => {
  const form = document.getElementById("upload");
  if (form) {
    const input = document.getElementById("file"), drop = document.getElementById("drop"), progress = document.getElementById("progress");
    for (const kind of ["dragover", "dragenter"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      if (event.dataTransfer.files.length > 0) input.files = event.dataTransfer.files;
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const request = new XMLHttpRequest();
      request.upload.addEventListener("progress", (sent) => {
        if (sent.lengthComputable) progress.textContent = "Sent: " + Math.floor(100 * sent.loaded / sent.total) + " %";
      });
      request.addEventListener("load", () => {
        const page = new DOMParser().parseFromString(request.responseText, "text/html");
        if (request.status === 200 && request.responseURL.includes("/errands/")) { location.assign(request.responseURL); return; }
        const next = page.getElementById("main"), now = document.getElementById("main");
        if (!next || !now) { progress.textContent = "The file was not taken: " + request.responseText.slice(0, 300); return; }
        form.querySelector("button").disabled = false;
        progress.textContent = "";
        const fault = page.querySelector(".fault") || page.querySelector("main .lead");
        let said = document.getElementById("file-fault");
        if (!said) {
          said = document.createElement("p");
          said.id = "file-fault"; said.className = "fault"; said.setAttribute("role", "alert");
          form.insertBefore(said, drop);
        }
        said.textContent = fault ? fault.textContent : "The file was not taken.";
        input.setAttribute("aria-invalid", "true");
        input.setAttribute("aria-describedby", "file-hint file-fault");
        input.value = "";
        input.focus();
      });
      request.addEventListener("error", () => {
        form.querySelector("button").disabled = false;
        progress.textContent = "The console does not answer: try again.";
      });
      form.querySelector("button").disabled = true;
      progress.textContent = "Sending…";
      request.open("POST", form.action);
      request.send(new FormData(form));
    });
  }
  async function look() {
    while (document.getElementById("waiting")) {
      let answer;
      try { answer = await fetch(location.href, { cache: "no-store", headers: { "X-Renewal": "1" } }); } catch { answer = null; }
      if (!answer || !answer.ok) { await new Promise((go) => setTimeout(go, 2000)); continue; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const waits = page.getElementById("waiting");
      if (waits) {
        const now = document.getElementById("waiting");
        if (now && now.textContent !== waits.textContent) now.replaceWith(document.adoptNode(waits));
        continue;
      }
      const next = page.getElementById("main"), now = document.getElementById("main");
      if (next && now) now.replaceWith(document.adoptNode(next));
      const heading = document.querySelector("h1");
      heading.tabIndex = -1;
      heading.focus();
    }
  }
  if (document.getElementById("waiting")) look();
})();
