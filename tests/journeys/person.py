"""A person at a browser: presses what has a name, reads what is there, and remembers every complaint."""

from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page

# The page says these in its own words; Chromium also notes them in the console.
_EXPECTED = tuple(f"status of {status}" for status in (400, 403, 404, 409, 410, 422, 429))
TOUCH_PX = 44
_OF_A_PAGE = {"rules": {"target-size": {"enabled": True}}}
_OF_A_GALLERY = {"rules": {name: {"enabled": False} for name in ("landmark-unique", "duplicate-id-aria")}}

# The innermost that reach beyond the screen, those apart that scroll in a box of their own.
_STICKS_OUT = """() => {
  const page = document.documentElement;
  if (page.scrollWidth <= page.clientWidth) return [];
  const scrolls = (e) => e && e !== page && (getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement));
  const out = [...document.body.querySelectorAll("*")].filter(
    (e) => e.getBoundingClientRect().right > page.clientWidth + 0.5 && !scrolls(e.parentElement));
  const inner = out.filter((e) => !out.some((other) => other !== e && e.contains(other)));
  return inner.length ? inner.slice(0, 5).map((e) => `${e.localName}.${e.className}`) : ["something"];
}"""


class Person:
    """Somebody with a browser profile of their own, and one tab unless more are opened."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []
        context.set_default_timeout(15_000)
        context.on("console", self._hear)
        # What the policy of contents refuses, also where it is only reported.
        context.add_init_script(_TELL_OF_REPORTS)
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

    def keeps_passkeys(self) -> None:
        """From now on, on a device that knows its owner, as a phone does."""
        device = self.context.new_cdp_session(self.page)
        device.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        device.send("WebAuthn.addVirtualAuthenticator", {"options": options})

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

    def resize(self, *, width: int, height: int) -> None:
        """Another screen, the same page."""
        self.page.set_viewport_size({"width": width, "height": height})

    def colours(self, scheme: Literal["light", "dark"]) -> None:
        """What the system prefers."""
        self.page.emulate_media(color_scheme=scheme)

    def barriers(self, *, only_contrast: bool = False, is_gallery: bool = False) -> list[str]:
        """What axe finds wrong with the page, what is wider than the screen, and what is too small for a finger.

        A gallery shows the same piece again and again: there its names are said more than once.
        """
        if only_contrast:
            return self._violations({"runOnly": ["color-contrast"]})
        return self._violations(_OF_A_GALLERY if is_gallery else _OF_A_PAGE) + self.cut_off() + self._small_targets()

    def cut_off(self) -> list[str]:
        """Whether the page is wider than the screen, and what sticks out."""
        wide: list[str] = self.page.evaluate(_STICKS_OUT)
        return [f"wider than the screen: {', '.join(wide)}"] if wide else []

    def _violations(self, options: dict[str, Any]) -> list[str]:
        """By axe, which a page gets once."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(Axe().axe_script)
        wanted = {"resultTypes": ["violations"], **options}
        found = self.page.evaluate("(options) => axe.run(document, options)", wanted)
        violations: list[dict[str, Any]] = found["violations"]
        return [f"{v['id']}: {', '.join(str(n['target']) for n in v['nodes'])}" for v in violations]

    def _small_targets(self) -> list[str]:
        small: list[str] = self.page.evaluate(_SMALL_TARGETS, TOUCH_PX)
        return small

    def _hear(self, message: ConsoleMessage) -> None:
        if not any(expected in message.text for expected in _EXPECTED):
            self.complaints.append(f"{message.type}: {message.text}")


_TELL_OF_REPORTS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`CSP report: ${event.effectiveDirective} ${event.blockedURI}`);
});
"""
# Links within a sentence are exempt (WCAG 2.5.8), and so is what covers its whole row or card.
_SMALL_TARGETS = """
(least) => [...document.querySelectorAll("button, input, select, summary, .btn, .back, nav a, .tasks a, .change a")]
  .filter((e) => e.type !== "hidden" && !e.closest(".choice") && e.checkVisibility())
  .filter((e) => { const box = e.getBoundingClientRect(); return box.height < least - 0.5 || box.width < least - 0.5; })
  .map((e) => `too small for a finger: ${e.outerHTML.slice(0, 80)}`)
"""
