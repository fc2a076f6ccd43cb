/* The panel under a form asks what the form, as it is typed, will do. Without script its button does. */
(() => {
  "use strict";
  const panel = document.getElementById("foresight");
  const form = panel && panel.closest("form");
  if (!form || !window.fetch) return;
  let timer = 0;
  let asked = null;
  const ask = async () => {
    if (asked) asked.abort();
    asked = new AbortController();
    const body = new FormData(form);
    body.set("_preview", "1");
    const old = panel.querySelectorAll("[data-fresh]");
    const shown = panel.querySelector(".foresight__body");
    shown.dataset.busy = "";
    try {
      const answer = await fetch(window.location.href, { method: "POST", body, signal: asked.signal, credentials: "same-origin" });
      if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelectorAll("#foresight [data-fresh]");
      if (fresh.length !== old.length) throw new Error("Another page came.");
      old.forEach((one, at) => one.replaceWith(fresh[at]));
    } catch (error) {
      if (error.name !== "AbortError") delete shown.dataset.busy;
    }
  };
  const later = (event) => {
    if (event.target.type === "file") return;
    clearTimeout(timer);
    timer = setTimeout(ask, 700);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
})();
