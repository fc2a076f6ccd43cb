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
})();
