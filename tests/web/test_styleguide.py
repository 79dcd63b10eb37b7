"""The style guide: all components, in development only."""

from pathlib import Path

import pytest
from django.conf import settings
from pytest_django import Settings

from bank.web.styleguide.samples import SAMPLES
from tests.web.pages import Browser

pytestmark = pytest.mark.django_db(transaction=True)

COMPONENTS = Path(settings.BASE_DIR) / "templates" / "components"


@pytest.fixture
def development(bank: None, settings: Settings) -> None:
    settings.DEBUG = True


def test_every_component_is_on_it() -> None:
    """A new file in templates/components: add its states to bank/web/styleguide/samples.py."""
    assert sorted(SAMPLES) == sorted(path.stem for path in COMPONENTS.glob("*.html"))


def test_every_component_says_what_it_wants() -> None:
    assert [path.name for path in COMPONENTS.glob("*.html") if not path.read_text().startswith("{# ")] == []


def test_it_shows_every_state_light_and_dark(development: None) -> None:
    page = Browser().open("/styleguide")
    assert page.status == 200
    states = [sample.state for samples in SAMPLES.values() for sample in samples]
    assert page.html.count('class="guide-state"') == len(states)
    assert page.html.count('data-bs-theme="dark"') == page.html.count('data-bs-theme="light"') == len(states) + 1
    for name in SAMPLES:
        assert f"components/{name}.html" in page.text


def test_a_running_bank_has_none(bank: None) -> None:
    assert Browser().open("/styleguide").status == 404
