"""What a customer's page weighs: at most 60 KB of styles and scripts, compressed, and few requests."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings

from tests.web.pages import Browser
from tests.web.people import Customer

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT_BYTES = 60 * 1024
REQUESTS_AT_MOST = 15


def test_a_customers_pages_stay_light(browser: Browser, ada: Customer) -> None:
    for url in ("/", f"/accounts/{ada.account_id}", f"/accounts/{ada.account_id}/transfer"):
        files = set(re.findall(r'(?:href|src)="/static/([^"#]+)', browser.open(url).html))
        heavy = [file for file in files if file.endswith((".css", ".js"))]
        assert heavy
        assert sum(_compressed_bytes(file) for file in heavy) <= LIMIT_BYTES
        assert len(files) + 2 <= REQUESTS_AT_MOST  # and the page itself, and a second font


def _compressed_bytes(file: str) -> int:
    return len(gzip.compress((Path(settings.STATIC_ROOT) / file).read_bytes(), 9))


def test_what_is_vendored_has_its_licence_beside_it() -> None:
    vendor = Path(settings.BASE_DIR) / "static" / "vendor"
    folders = [folder for folder in vendor.iterdir() if folder.is_dir()]
    assert folders
    for folder in folders:
        assert (folder / "LICENSE").stat().st_size > 100, folder.name
