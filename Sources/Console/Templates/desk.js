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
    const button = form.querySelector("button"), bar = document.getElementById("bar");
    // What the page would say if it came back with a fault.
    function fail(what) {
      button.disabled = false;
      bar.hidden = true;
      progress.textContent = "";
      let said = document.getElementById("file-fault");
      if (!said) {
        said = document.createElement("p");
        said.id = "file-fault"; said.className = "fault"; said.setAttribute("role", "alert");
        form.insertBefore(said, drop);
      }
      said.textContent = what;
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", "file-hint file-fault");
      input.value = "";
      input.focus();
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      // The form has a little more than the file.
      if (input.files[0].size > form.dataset.most - 4096) { fail(form.dataset.large); return; }
      const request = new XMLHttpRequest();
      request.upload.addEventListener("progress", (sent) => {
        if (!sent.lengthComputable) return;
        bar.value = Math.floor(100 * sent.loaded / sent.total);
        progress.textContent = sent.loaded < sent.total ? "Sent: " + bar.value + " %" : "Sent. The file is being read.";
      });
      request.addEventListener("load", () => {
        if (request.status === 200 && request.responseURL.includes("/errands/")) { location.assign(request.responseURL); return; }
        const page = new DOMParser().parseFromString(request.responseText, "text/html");
        const fault = page.querySelector(".fault") || page.querySelector("main .lead");
        fail(fault ? fault.textContent : "The file was not taken: " + request.responseText.slice(0, 300));
      });
      request.addEventListener("error", () => fail("The console does not answer: try again."));
      document.getElementById("file-fault")?.remove();
      input.removeAttribute("aria-invalid");
      input.setAttribute("aria-describedby", "file-hint");
      button.disabled = true;
      bar.value = 0;
      bar.hidden = false;
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
