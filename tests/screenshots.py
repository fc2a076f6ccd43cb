"""`python -m tests.screenshots URL USER PASSWORD`: the pictures of the README, from a running demonstration.

Needs playwright and the system's Chromium. Wait until the seed is done: the pictures show the story.
"""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs/images"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="of the running demonstration, such as http://127.0.0.1:8000")
    parser.add_argument("user")
    parser.add_argument("password")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    binary = next(path for path in map(shutil.which, CHROMIUM) if path)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary)
        shoot(browser, options)
        browser.close()


def shoot(browser: Browser, options: argparse.Namespace) -> None:
    home = f"{options.url}/p/demo/"
    light = enter(browser, options, locale="en", color_scheme="light", viewport=DESK)
    take(light, home, options.folder / "home.png")
    light.goto(f"{home}incidents/")
    incident = latest(light, "incidents")
    take(light, f"{options.url}/reviews/{incident}/", options.folder / "review.png")
    dark = enter(browser, options, locale="pt-BR", color_scheme="dark", viewport=DESK)
    take(dark, home, options.folder / "home-dark.png")
    phone = enter(browser, options, locale="en", color_scheme="light", viewport=PHONE, is_mobile=True, has_touch=True)
    take(phone, f"{options.url}/incidents/{incident}/", options.folder / "incident-phone.png")


def enter(browser: Browser, options: argparse.Namespace, **context: object) -> Page:
    """A page of somebody who has just logged in, with these preferences of their browser."""
    page = browser.new_context(**context).new_page()  # type: ignore[arg-type] - playwright's own names
    page.goto(f"{options.url}/login/")
    page.fill("[name=username]", options.user)
    page.fill("[name=password]", options.password)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/p/**")
    return page


def latest(page: Page, kind: str) -> str:
    """The highest number that this page links to."""
    links = page.eval_on_selector_all(f"a[href*='/{kind}/']", "links => links.map(link => link.getAttribute('href'))")
    numbers = [part for link in links for part in link.split("/") if part.isdecimal()]
    return max(numbers, key=int)


def take(page: Page, url: str, path: Path) -> None:
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path)
    print(path)  # noqa: T201


if __name__ == "__main__":
    main()
