"""A browser's window with somebody watching: violations, errors, weight, strangers, overflow, clicks."""

from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  window.reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const scrolls = (element) => {
    for (let up = element.parentElement; up; up = up.parentElement)
      if (/auto|scroll|hidden|clip/.test(getComputedStyle(up).overflowX)) return true;
    return false;
  };
  const wide = [...document.body.querySelectorAll("*")].filter((element) =>
    element.getBoundingClientRect().right > width + 1 && !scrolls(element));
  return [`page is ${document.documentElement.scrollWidth} px wide`, ...wide.slice(0, 4).map((element) =>
    `${element.tagName.toLowerCase()}.${element.className} "${element.textContent.trim().slice(0, 40)}"`)];
}"""


@dataclass
class Window:
    """One browser context with one page. Whatever was wrong is in `complaints`; `clicks` counts what a person did."""

    browser: Browser
    url: str
    options: dict[str, Any]
    complaints: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    clicks: int = 0
    context: BrowserContext = field(init=False)
    page: Page = field(init=False)

    def __enter__(self) -> Self:
        self.context = self.browser.new_context(base_url=self.url, **self.options)
        self.context.expose_function("reportViolation", lambda text: self._complain(f"CSP: {text}"))
        self.context.add_init_script(REPORT_VIOLATIONS)
        self.page = self.context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self._complain(f"script: {error}"))
        self.page.on("request", self._see)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.context.close()

    def log_in(self, user: str, password: str) -> None:
        """By the form; one click."""
        self.page.goto("/login/")
        self.page.fill("#id_username", user)
        self.page.fill("#id_password", password)
        self.click(self.page.locator(".door__fields button"))

    def find(self, where: str | tuple[str, str]) -> str:
        """A path, or the path that the first such link of a page leads to."""
        if isinstance(where, str):
            return where
        self.page.goto(where[0])
        link: str = self.page.locator(where[1]).first.evaluate("link => new URL(link.href).pathname")
        return link

    def click(self, what: Locator) -> None:
        """Like a person: only what can be seen and reached. Waits for the page that follows."""
        what.click()
        self.clicks += 1
        self.page.wait_for_load_state("load")

    def settle(self, width: int) -> list[str]:
        """At this width, once charts have had time to follow: what is too wide."""
        self.page.set_viewport_size({"width": width, "height": 844})
        try:
            self.page.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth", timeout=1_500)
        except PlaywrightTimeoutError:
            return self.overflow()
        return []

    def overflow(self) -> list[str]:
        """What makes the page wider than its window; empty when nothing does."""
        found: list[str] = self.page.evaluate(OVERFLOW)
        return found

    def transferred(self) -> int:
        """Bytes over the wire since the window was opened, headers included."""
        sizes = [request.sizes() for request in self.requests if request.response()]
        return sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)

    def _complain(self, text: str) -> None:
        self.complaints.append(f"{self.page.url}: {text}")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complain(f"console: {message.text}")

    def _see(self, request: Request) -> None:
        self.requests.append(request)
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and f"{parts.scheme}://{parts.netloc}" != self.url:
            self._complain(f"foreign host: {request.url}")
