"""Every screen of webhooks, full, empty and with something wrong: no barrier, light and dark, wide and narrow."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from bank.identity.models import Role, User
from bank.webhooks.models import Lane
from bank.webhooks.sending import deliver_due
from ledger.runner import drain
from tests.journeys.conftest import PASSWORD
from tests.journeys.person import Person
from tests.steps import deposit, do
from tests.web.people import Customer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.timeout(300)]
Somebody = Callable[..., Person]
Screens = Iterator[tuple[str, Person]]

LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_screen_has_a_barrier(somebody: Somebody, ada: Customer, width: int, colours: str) -> None:
    profile = {"viewport": {"width": width, "height": 900}, "color_scheme": colours}
    barriers = {}
    for name, person in screens(somebody, profile, ada):
        if found := person.barriers():
            barriers[name] = found
    assert barriers == {}


def screens(somebody: Somebody, profile: Mapping[str, object], ada: Customer) -> Screens:
    operator = User.objects.create_user("operator", password=PASSWORD, roles=[Role.OPERATIONS])
    person = somebody(signed_in=operator, **profile)
    person.open("/webhooks")
    yield "webhooks, none yet", person
    person.open("/webhooks/register")
    yield "register webhook", person
    person.press("Continue")
    yield "register webhook, nothing typed", person
    person.fill("Address", "https://hooks.example.com/" + "passbook-events-" * 12)
    person.page.get_by_label("DepositMade").check(force=True)
    person.press("Continue")
    yield "register webhook, check", person
    person.press("Register webhook")
    yield "webhook registered", person
    person.press("Show the secret")
    yield "the secret", person
    person.page.go_back()
    person.go("Go to the webhook")
    webhook = person.page.url
    yield "webhook, nothing sent yet", person
    person.go("Send test")
    yield "send test, check", person
    person.press("Send test")
    do(deposit(ada.account_id, 3))
    drain()
    for endpoint_id in Lane.objects.values_list("endpoint_id", flat=True):
        deliver_due(endpoint_id)
    person.open(webhook)
    yield "webhook, failing", person
    person.go("DepositMade")
    yield "delivery", person
    for task in ("replay", "rotate-secret", "disable", "remove"):
        person.open(f"{webhook}/{task}")
        yield f"webhook: {task}", person
    person.open(f"{webhook}/disable")
    person.fill("Reason", LONG_WORD)
    person.press("Continue")
    person.press("Disable webhook")
    person.open(webhook)
    yield "webhook, disabled", person
    person.open("/webhooks")
    yield "webhooks", person
