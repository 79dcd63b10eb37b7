"""Takes pictures of every screen of a running demo: `make run` in one terminal, `make screenshots` in another.

python -m tools.screenshots [ADDRESS]    writes docs/screenshots/*.webp (one small transfer and one deposit happen)
"""

import base64
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from tests.plugins import chromium

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
DEMO_PASSWORD: Final = "passbook-demo"  # noqa: S105 - public, and only in the demo
ALL_AT_MOST_BYTES: Final = 12 * 1024 * 1024
SIZES: Final = {"wide": (1280, 860, 1400), "narrow": (390, 844, 1500)}  # the window, and how far down the picture goes
QUALITY: Final = 60
# A stop is the picture's name and the page to be taken as it is now.
Stops = Iterator[tuple[str, Page]]


def main(address: str) -> int:
    """Every screen, wide and narrow, light and dark; 1 where all pictures together are too heavy."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in [*FOLDER.glob("*.png"), *FOLDER.glob("*.webp")]:
        old.unlink()
    program = chromium.executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--hide-scrollbars"])
        for walk in (
            _at_the_door,
            _what_ada_sees,
            _ada_sends_money,
            _other_tasks,
            _adas_keys,
            _at_the_desk,
            _cash_at_the_desk,
            _behind_the_desk,
            _in_the_reports,
            _in_the_audit,
            _in_the_catalogue,
        ):
            for name, page in walk(browser, address):
                _take(page, name)
        browser.close()
    pictures = sorted(FOLDER.glob("*.webp"))
    weight = sum(picture.stat().st_size for picture in pictures)
    sys.stdout.write(f"{len(pictures)} pictures, {weight / 1024:,.0f} KB\n")
    return int(weight > ALL_AT_MOST_BYTES)


def _at_the_door(browser: Browser, address: str) -> Stops:
    page = _somebody(browser, address)
    yield from _opened(page, {"sign-in": "/sign-in", "password-forgotten": "/password/forgotten", "not-found": "/x"})
    _sign_in(page, "katherine")
    yield "second-factor", page
    page.context.close()


def _what_ada_sees(browser: Browser, address: str) -> Stops:
    page = _somebody(browser, address, "ada")
    yield "overview", page
    account = _first_account(page)
    page.goto(account)
    yield "account", page
    movement = page.locator("#movement-rows a").first.get_attribute("href") or ""
    yield from _opened(
        page,
        {
            "account-filtered": f"{account}?kind=withdrawal&min=10",
            "account-nothing-found": f"{account}?q=submarine",
            "movement": movement,
            "balance-explained": f"{account}/explained",
            "event": f"{account}/events/1",
            "payees": "/payees",
            "notifications": "/notifications",
            "security": "/security",
        },
    )
    page.context.close()


def _ada_sends_money(browser: Browser, address: str) -> Stops:
    iban = _first_iban(browser, address, "grace")
    page = _somebody(browser, address, "ada")
    account = _first_account(page)
    yield from _opened(page, {"choose-account": "/transfer"})
    page.goto(f"{account}/transfer")
    page.get_by_role("button", name="Continue").click()
    yield "transfer-wrong", page
    page.goto(f"{account}/transfer")
    page.get_by_label("Another account, by its IBAN").check(force=True)
    page.get_by_label("IBAN", exact=True).fill(iban)
    page.get_by_text("This is an account at this bank").wait_for()
    page.get_by_label("Amount").fill("24.50")
    page.get_by_label("Reference (optional)").fill("Theatre tickets")
    yield "transfer-form", page
    page.get_by_role("button", name="Continue").click()
    yield "transfer-check", page
    page.get_by_role("button", name="Transfer now").click()
    page.get_by_text("Transfer done").wait_for()
    yield "transfer-receipt", page
    page.go_back()
    page.get_by_text("This was already done").wait_for()
    yield "already-done", page
    page.context.close()


def _other_tasks(browser: Browser, address: str) -> Stops:
    page = _somebody(browser, address, "ada")
    account = _first_account(page)
    yield from _opened(page, {task: f"{account}/{task}" for task in ("deposit", "withdraw", "rename")})
    page.goto(f"{account}/withdraw")
    page.get_by_label("Amount").fill("999999")
    page.get_by_role("button", name="Continue").click()
    page.locator("#error-summary").wait_for()
    yield "withdraw-refused", page
    page.goto(f"{address}/payees/add")
    page.get_by_label("Name").fill("Grace Hopper")
    page.get_by_label("IBAN").fill(_first_iban(browser, address, "grace"))
    yield "payee-add", page
    page.get_by_role("button", name="Continue").click()
    yield "payee-check", page
    page.context.close()


def _adas_keys(browser: Browser, address: str) -> Stops:
    page = _somebody(browser, address, "ada")
    yield from _opened(page, {"password-change": "/security/password", "confirm": "/security/app/add"})
    page.get_by_label("Your password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.locator(".secret").wait_for()
    yield "app-add", page
    yield from _opened(page, {"passkey-add": "/security/passkeys/add", "token-make": "/security/tokens/make"})
    page.context.close()


def _at_the_desk(browser: Browser, address: str) -> Stops:
    page = _somebody(browser, address, "teller")
    page.get_by_label("Name, email or IBAN").fill("lovelace")
    page.get_by_role("button", name="Find customer").click()
    yield "customers-found", page
    page.locator("table a").first.click()
    yield "customer", page
    customer, account = page.url, page.locator('a[href^="/accounts/"]').first.get_attribute("href") or ""
    yield from _opened(
        page,
        {
            "register-customer": "/customers/register",
            "open-account": f"{customer}/open-account",
            "account-of-a-customer": account,
            "cash-deposit": f"{account}/deposit",
            "overdraft": f"{account}/overdraft",
            "close": f"{account}/close",
        },
    )
    page.goto(f"{address}{account}/freeze")
    page.get_by_label("Reason").fill("Card reported stolen")
    page.get_by_role("button", name="Continue").click()
    yield "freeze-check", page
    page.context.close()


def _cash_at_the_desk(browser: Browser, address: str) -> Stops:
    page = _somebody(browser, address, "teller")
    page.goto("/customers/register")
    page.get_by_label("Name").fill("Emmy Noether")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Register customer").wait_for()
    yield "register-check", page
    page.goto("/customers")
    page.get_by_label("Name, email or IBAN").fill("lovelace")
    page.get_by_role("button", name="Find customer").click()
    page.locator("table a").first.click()
    page.goto(_href(page, 'main a[href^="/accounts/"]') + "/deposit")
    page.get_by_label("Amount").fill("20")
    page.get_by_role("button", name="Continue").click()
    page.locator("main form button[type=submit]").wait_for()
    yield "cash-check", page
    page.locator("main form button[type=submit]").click()
    page.get_by_text("Deposit done").wait_for()
    yield "cash-receipt", page
    page.goto(f"{page.url}/slip")
    yield "cash-slip", page
    page.context.close()


def _behind_the_desk(browser: Browser, address: str) -> Stops:
    page = _somebody(browser, address, "operations")
    yield from _opened(page, {"webhooks": "/webhooks", "webhook-register": "/webhooks/register"})
    yield from _rooms(page, "/operations")
    yield from _one_of_each(page, ("/operations/projections",))
    page.context.close()


def _in_the_reports(browser: Browser, address: str) -> Stops:
    page = _somebody(browser, address, "admin")
    yield from _opened(page, {"dashboard": "/dashboard"})
    yield from _rooms(page, "/reports")
    page.context.close()


def _in_the_audit(browser: Browser, address: str) -> Stops:
    page = _somebody(browser, address, "auditor")
    yield from _opened(page, {"access-records": "/access-records"})
    yield from _rooms(page, "/audit")
    page.goto("/audit/events?type=TransferSent")
    yield from _first(page, "audit-event", 'main tbody a[href^="/audit/events/"]')
    event = page.url
    for kind in ("stream", "correlation", "command", "actor"):
        page.goto(event)
        yield from _first(page, f"audit-{kind}", f'main a[href^="/audit/{kind}s/"]')
    page.goto(event)
    page.goto(_href(page, 'main a[href^="/audit/streams/"]').partition("?")[0] + "/difference")
    yield "audit-difference", page
    page.context.close()


def _in_the_catalogue(browser: Browser, address: str) -> Stops:
    page = _somebody(browser, address, "auditor")
    yield from _opened(page, {"system": "/system", "system-calls": "/system/calls", "system-words": "/system/words"})
    yield from _one_of_each(page, [f"/system/{kind}" for kind in _KINDS_OF_THINGS])
    page.context.close()


_KINDS_OF_THINGS: Final = ("commands", "deciders", "events", "projections", "screens")


def _rooms(page: Page, index: str) -> Stops:
    """An index, and each room that it leads to."""
    page.goto(index)
    yield index.strip("/"), page
    hrefs = page.locator(f'main a[href^="{index}/"]').evaluate_all("links => links.map((a) => a.getAttribute('href'))")
    for path in dict.fromkeys(str(href) for href in hrefs):
        if path.count("/") == index.count("/") + 1 and not path.endswith(".csv"):
            page.goto(path)
            yield urlsplit(path).path.strip("/").replace("/", "-").removeprefix("reports-"), page


def _one_of_each(page: Page, prefixes: Iterable[str]) -> Stops:
    """The first page of each kind that the index of its section, or of its kind, leads to."""
    for prefix in prefixes:
        page.goto(f"/{prefix.split('/')[1]}")
        link = f'main a[href^="{prefix}/"]'
        if not page.locator(link).count():
            page.goto(prefix)
        yield from _first(page, prefix.strip("/").replace("/", "-").removesuffix("s"), link)


def _first(page: Page, name: str, link: str) -> Stops:
    page.goto(_href(page, link))
    yield name, page


def _href(page: Page, link: str) -> str:
    return page.locator(link).first.get_attribute("href") or ""


def _opened(page: Page, screens: dict[str, str]) -> Stops:
    """Each of the screens by its path."""
    for name, path in screens.items():
        page.goto(path)
        yield name, page


def _somebody(browser: Browser, address: str, username: str = "") -> Page:
    width, height, _ = SIZES["wide"]
    page = browser.new_context(base_url=address, viewport={"width": width, "height": height}).new_page()
    if username:
        _sign_in(page, username)
        page.get_by_role("button", name="Sign out").wait_for()
    return page


def _sign_in(page: Page, username: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def _first_account(page: Page) -> str:
    return page.locator(".account-card a").first.get_attribute("href") or ""


def _first_iban(browser: Browser, address: str, username: str) -> str:
    page = _somebody(browser, address, username)
    iban = page.locator(".account-card .iban").first.inner_text()
    page.context.close()
    return iban


def _take(page: Page, name: str) -> None:
    """The page wide and narrow, light and dark, and as it was before."""
    camera = page.context.new_cdp_session(page)
    for size, (width, height, depth) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for colours in ("light", "dark"):
            page.emulate_media(color_scheme=colours)
            page.evaluate("document.fonts.ready.then(() => true)")
            whole: int = page.evaluate("document.documentElement.scrollHeight")
            clip = {"x": 0, "y": 0, "width": width, "height": min(max(whole, height), depth), "scale": 1}
            options = {"format": "webp", "quality": QUALITY, "clip": clip, "captureBeyondViewport": True}
            taken = camera.send("Page.captureScreenshot", options)
            (FOLDER / f"{name}-{size}-{colours}.webp").write_bytes(base64.b64decode(taken["data"]))
    width, height, _ = SIZES["wide"]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="light")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"))
