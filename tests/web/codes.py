"""An authenticator app, for tests: its codes by RFC 6238, and setting it up as a person does."""

import base64
import hashlib
import hmac
import re
import struct
import time

from tests.web.pages import Browser, Page

PASSWORD = "correct horse battery staple"


def code_of(secret: str, *, steps: int = 0) -> str:
    """Six digits, for now or so many half minutes later."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def confirmed(browser: Browser, url: str, password: str = PASSWORD) -> Page:
    """The page, after the person said who it is, where that is asked."""
    page = browser.open(url)
    if page.status == 302:
        page = browser.follow(browser.send(browser.follow(page), "Continue", password=password))
    return page


def secret_on(page: Page) -> str:
    """The key that the page shows for typing in."""
    found = re.search(r'class="secret">([A-Z2-7]{32})<', page.html)
    assert found is not None
    return found[1]


def add_app(browser: Browser, password: str = PASSWORD) -> tuple[str, Page]:
    """Its secret, and the page with the recovery codes."""
    page = confirmed(browser, "/security/app/add", password)
    secret = secret_on(page)
    return secret, browser.follow(browser.send(page, "Add app", code=code_of(secret)))


def recovery_codes_on(page: Page) -> list[str]:
    """Those that the page shows."""
    return re.findall(r"<code>(\d{8})</code>", page.html)
