/* Asks what has arrived every two seconds while somebody looks, and marks the chosen tab. */
(() => {
  "use strict";
  const place = document.querySelector("[data-waiting]");
  const links = [...document.querySelectorAll(".ways .tabs a")];

  const mark = () => {
    const chosen = links.find((link) => link.hash === location.hash) || links[0];
    for (const link of links) {
      if (link === chosen) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  addEventListener("hashchange", mark);
  mark();

  const ask = async () => {
    if (document.hidden || place.contains(document.activeElement)) return;
    try {
      const answer = await fetch(place.dataset.url, { cache: "no-store" });
      if (!answer.ok || answer.redirected) return;
      const text = (await answer.json()).html;
      if (text !== ask.shown) place.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
      ask.shown = text;
    } catch {
      /* The next time tries again. */
    }
  };
  setInterval(ask, 2000);
})();
