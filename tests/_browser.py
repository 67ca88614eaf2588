"""A page in a browser without a network: what it shows, asks for and complains of."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

_DRAWN = "[...document.querySelectorAll('.chart')].every((each) => each.dataset.drawn)"
_TURN = """(hash) => new Promise((done) => {
  if (location.hash === hash) return done();
  addEventListener("hashchange", () => setTimeout(done), { once: true });
  location.hash = hash;
})"""


@contextmanager
def browser() -> Iterator[Any]:
    """A browser; without one the test is skipped, or fails if GRADMARK_BROWSER is ``required``."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        _give_up(f"Playwright is missing: {error}")
    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        except Error as error:
            _give_up(f"no browser starts: {error}")
        yield launched
        launched.close()


def _give_up(why: str) -> None:
    if os.environ.get("GRADMARK_BROWSER") == "required":
        pytest.fail(why)
    pytest.skip(why)


class Opened:
    """A page that was opened from a file.

    Attributes
    ----------
    tab
        Playwright's page.
    requests, complaints : list[str]
        Addresses that it has asked for; its errors, warnings and dialogs.

    Parameters
    ----------
    script : str
        JavaScript that runs before the page's own.
    """

    def __init__(
        self, browser: Any, path: Path, *, width: int = 1280, dark: bool = False, script: str = ""
    ) -> None:
        scheme = "dark" if dark else "light"
        screen = {"width": width, "height": 900}
        self._context = browser.new_context(viewport=screen, offline=True, color_scheme=scheme)
        self.tab = self._context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._listen()
        self.tab.add_init_script(script)
        self.tab.goto(path.as_uri())

    def _listen(self) -> None:
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("console", self._note)
        self.tab.on("dialog", self._refuse)

    def _refuse(self, dialog: Any) -> None:
        self.complaints.append(f"dialog {dialog.message}")
        dialog.dismiss()  # the page would wait for it

    def _note(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def close(self) -> None:
        """Close the tab."""
        self._context.close()

    def show(self, view: str, **state: str) -> None:
        """Show a view with choices as they stand in the address, and wait for its charts."""
        self.tab.evaluate(_TURN, "#" + urlencode({"view": view, **state}))
        self.wait()

    def wait(self) -> None:
        """Wait until all charts are drawn."""
        self.tab.wait_for_function(_DRAWN)

    def views(self) -> list[str]:
        """Ids of the views that can be chosen."""
        links = self.tab.locator("#views a")
        return [link.get_attribute("href").partition("view=")[2] or "which" for link in links.all()]

    def text(self, selector: str = "#main") -> str:
        """Text of an element, whether it can be seen or not."""
        return str(self.tab.locator(selector).text_content())

    def texts(self, selector: str) -> list[str]:
        """Texts of all elements that match."""
        return [str(text) for text in self.tab.locator(selector).all_text_contents()]

    def marks(self) -> dict[str, int]:
        """Number of paths that each chart has drawn, by its name."""
        count = "(all) => all.map((f) => [f.dataset.chart, f.querySelectorAll('svg path').length])"
        return dict(self.tab.locator("figure[data-chart]").evaluate_all(count))

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        wide = "document.scrollingElement.scrollWidth - innerWidth"
        return int(self.tab.evaluate(wide))
