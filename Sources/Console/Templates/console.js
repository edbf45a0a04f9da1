// Renews the part of the page that is live, whenever the console says that the data has changed.
"use strict";
(() => {
  const source = new EventSource("/events");
  let seen = null, isBusy = false, isAsked = false;
  async function renew() {
    if (isBusy) { isAsked = true; return; }
    isBusy = true;
    try {
      const answer = await fetch(location.href, { cache: "no-cache", headers: { "X-Renewal": "1" } });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const next = page.getElementById("live"), now = document.getElementById("live");
        if (next && now) {
          // What was unfolded stays unfolded, and what has the focus keeps it.
          for (const part of now.querySelectorAll("details[open][id]")) {
            const same = next.querySelector("#" + CSS.escape(part.id));
            if (same) same.open = true;
          }
          const focused = now.contains(document.activeElement) ? document.activeElement.closest("[id]") : null;
          now.replaceWith(document.adoptNode(next));
          if (focused && focused.id !== "live") document.getElementById(focused.id)?.querySelector("summary")?.focus();
        }
      }
    } finally {
      isBusy = false;
      if (isAsked) { isAsked = false; renew(); }
    }
  }
  source.onmessage = (event) => {
    if (seen !== null && seen !== event.data) renew();
    seen = event.data;
  };
  source.onopen = () => { document.getElementById("renewed").textContent = "Live: the page renews itself."; };
  source.onerror = () => { document.getElementById("renewed").textContent = "The console does not answer; trying again."; };
})();
