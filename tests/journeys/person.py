"""A person at a browser: presses what has a name, reads what is there, and remembers every complaint."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page

# The page says these in its own words; Chromium also notes them in the console.
_EXPECTED = ("status of 409", "status of 410", "status of 422", "status of 429", "status of 400", "status of 404")
TOUCH_PX = 44


class Person:
    """Somebody with a browser profile of their own, and one tab unless more are opened."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []
        context.set_default_timeout(15_000)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))
        self.page: Page = context.new_page()

    def sign_in(self, username: str, password: str) -> None:
        """By the form, as everybody does."""
        self.page.goto("/sign-in")
        self.page.get_by_label("User name").fill(username)
        self.page.get_by_label("Password").fill(password)
        self.press("Sign in")

    def open(self, path: str) -> None:
        """Go to an address."""
        self.page.goto(path)

    def press(self, name: str) -> None:
        """A button, by the words on it."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def go(self, name: str) -> None:
        """A link, by its words."""
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def fill(self, label: str, text: str) -> None:
        """A field, by its label."""
        self.page.get_by_label(label, exact=True).fill(text)

    def sees(self, words: str) -> Locator:
        """Waits until `words` are to be seen."""
        found = self.page.get_by_text(words).first
        found.wait_for()
        return found

    @property
    def heading(self) -> str:
        """The page's own title."""
        return self.page.get_by_role("heading", level=1).inner_text()

    def barriers(self) -> list[str]:
        """What axe finds wrong with the page, what is wider than the screen, and what is too small for a finger."""
        found = Axe().run(self.page, options={"resultTypes": ["violations"]})
        violations: list[dict[str, Any]] = found.response["violations"]
        barriers = [f"{v['id']}: {', '.join(str(n['target']) for n in v['nodes'])}" for v in violations]
        if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            barriers.append("wider than the screen")
        small: list[str] = self.page.evaluate(_SMALL_TARGETS, TOUCH_PX)
        return barriers + small

    def _hear(self, message: ConsoleMessage) -> None:
        if not any(expected in message.text for expected in _EXPECTED):
            self.complaints.append(f"{message.type}: {message.text}")


# Links within a sentence are exempt (WCAG 2.5.8), and so is what covers its whole row or card.
_SMALL_TARGETS = """
(least) => [...document.querySelectorAll("button, input, select, summary, .btn, .back, nav a, .tasks a, .change a")]
  .filter((e) => e.type !== "hidden" && !e.closest(".choice") && e.checkVisibility())
  .filter((e) => { const box = e.getBoundingClientRect(); return box.height < least - 0.5 || box.width < least - 0.5; })
  .map((e) => `too small for a finger: ${e.outerHTML.slice(0, 80)}`)
"""
