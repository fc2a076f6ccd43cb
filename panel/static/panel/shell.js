/* Enhances what works without it: theme at once, menus that close, Ctrl K, live regions. */
(() => {
  "use strict";
  const root = document.documentElement;

  const setTheme = (theme) => {
    root.dataset.theme = theme;
    document.cookie = `theme=${theme};path=/;max-age=31536000;samesite=lax`;
    for (const button of document.querySelectorAll("[data-theme-switch] button")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
    dispatchEvent(new Event("themechange"));
  };
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-theme-switch]") && event.submitter) {
      event.preventDefault();
      setTheme(event.submitter.value);
    }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("themechange")));

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details[data-menu][open]")) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      const box = document.querySelector("[data-search]");
      if (box && box.offsetParent) {
        event.preventDefault();
        box.focus();
        box.select();
      }
    }
  });

  /* Live pages: ask a small question; when the answer moved, fetch this page again and swap its content. */
  const sign = document.querySelector("[data-live]");
  if (!sign) return;
  const EVERY = 10000;
  const STALE = 90000;
  const words = new Intl.RelativeTimeFormat(root.lang || "en", { numeric: "auto", style: "short" });
  let etag = "";
  let mark = "";
  let fresh = Date.now();
  let asked = 0;

  const show = () => {
    const live = document.querySelector("[data-live]");
    const age = Math.round((Date.now() - fresh) / 1000);
    live.dataset.state = document.hidden ? "paused" : age * 1000 > STALE ? "stale" : "fresh";
    live.textContent = age < 60 ? words.format(-age, "second") : words.format(-Math.round(age / 60), "minute");
  };

  const busy = () => {
    const focused = document.activeElement;
    const typing = focused && focused.matches("input, textarea, select");
    return typing || document.querySelector("main details[open]") || String(getSelection());
  };

  const swap = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [from, to] = [page.querySelector("#content-start"), document.querySelector("#content-start")];
    if (!from || busy()) return false;
    to.replaceChildren(...from.childNodes);
    document.title = page.title;
    for (const nav of [".side", ".bar"]) {
      const [next, shown] = [page.querySelector(nav), document.querySelector(nav)];
      if (next && shown && !shown.querySelector("details[open]")) shown.replaceChildren(...next.childNodes);
    }
    dispatchEvent(new Event("contentchange"));
    return true;
  };

  const beat = async () => {
    if (document.hidden || Date.now() - asked < EVERY) return;
    asked = Date.now();
    try {
      const answer = await fetch(document.querySelector("[data-live]").dataset.url, {
        headers: etag ? { "If-None-Match": etag } : {},
        cache: "no-store",
      });
      if (answer.status === 200) {
        const next = (await answer.json()).mark;
        if (mark && next !== mark && !(await swap())) return;
        mark = next;
        etag = answer.headers.get("ETag") || "";
      }
      if (answer.ok || answer.status === 304) fresh = Date.now();
    } catch {
      /* The sign turns amber by itself; the next beat tries again. */
    }
  };
  setInterval(() => {
    beat();
    show();
  }, 1000);
  document.addEventListener("visibilitychange", show);
  show();
})();
