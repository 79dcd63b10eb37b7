"""Takes the README's screenshots of a running demo: `make run` in one terminal, `make screenshots` in another.

python -m tools.screenshots [ADDRESS]        writes docs/screenshots/*.png (and sends one small transfer in the demo)
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.plugins import chromium

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
DEMO_PASSWORD = "passbook-demo"  # noqa: S105 - public, and only in the demo
LIMIT_BYTES = 150 * 1024
WIDE = {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"}
NARROW = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


def main(address: str) -> int:
    """Every screenshot, one after the other; 1 where one is too heavy."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    program = chromium.executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        _customer_wide(browser, address)
        _staff_wide(browser, address)
        _customer_narrow(browser, address)
        browser.close()
    sizes = {path.name: path.stat().st_size for path in sorted(FOLDER.glob("*.png"))}
    for name, size in sizes.items():
        sys.stdout.write(f"{name:24} {size / 1024:6.0f} KB{'   too heavy' if size > LIMIT_BYTES else ''}\n")
    return int(any(size > LIMIT_BYTES for size in sizes.values()))


def _customer_wide(browser: Browser, address: str) -> None:
    iban = _first_iban(browser, address, "grace")
    page = _signed_in(browser, address, "ada", WIDE)
    _take(page, "overview")
    page.locator(".account-card a").first.click()
    _take(page, "account")
    page.get_by_role("link", name="Transfer money").click()
    page.get_by_label("Another account, by its IBAN").check(force=True)
    page.get_by_label("IBAN", exact=True).fill(iban)
    page.get_by_text("This is the account of").wait_for()
    page.get_by_label("Amount").fill("24.50")
    page.get_by_label("Reference (optional)").fill("Theatre tickets")
    _take(page, "transfer-form")
    page.get_by_role("button", name="Continue").click()
    _take(page, "transfer-check")
    page.get_by_role("button", name="Transfer now").click()
    page.get_by_text("Transfer done").wait_for()
    _take(page, "transfer-receipt")
    page.context.close()


def _staff_wide(browser: Browser, address: str) -> None:
    page = _signed_in(browser, address, "operations", WIDE)
    page.goto(f"{address}/reports/daily-flows")
    _take(page, "daily-flows")
    page.context.close()


def _customer_narrow(browser: Browser, address: str) -> None:
    page = _signed_in(browser, address, "ada", NARROW)
    _take(page, "overview-narrow")
    page.locator(".account-card a").first.click()
    _take(page, "account-narrow")
    page.context.close()


def _first_iban(browser: Browser, address: str, username: str) -> str:
    page = _signed_in(browser, address, username, WIDE)
    iban = page.locator(".account-card .iban").first.inner_text()
    page.context.close()
    return iban


def _signed_in(browser: Browser, address: str, username: str, profile: Mapping[str, object]) -> Page:
    page = browser.new_context(**profile).new_page()  # type: ignore[arg-type]
    page.goto(f"{address}/sign-in")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Sign out").wait_for()
    return page


def _take(page: Page, name: str) -> None:
    page.evaluate("document.fonts.ready.then(() => true)")
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"))
