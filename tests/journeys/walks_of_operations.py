"""A walk past the webhooks' screens: full, empty and with something wrong."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bank.identity.models import Role
from bank.webhooks.models import Lane
from bank.webhooks.sending import deliver_due
from ledger.runner import drain
from tests.journeys.person import Person
from tests.journeys.walks import LONG_WORD, Cast, somebody_new, walk
from tests.steps import deposit, do

Stops = Iterator[tuple[str, Person]]


@walk(
    "web:webhooks",
    "web:register_webhook",
    "web:register_webhook_check",
    "web:receipt",
    "web:webhook_secret",
    "web:webhook",
    "web:webhook_delivery",
    "web:test_webhook_check",
    "web:replay_delivery_check",
    "web:replay_webhook",
    "web:replay_webhook_check",
    "web:rotate_webhook",
    "web:rotate_webhook_check",
    "web:remove_webhook",
    "web:remove_webhook_check",
    "web:disable_webhook",
    "web:disable_webhook_check",
    "web:enable_webhook_check",
)
def webhooks(cast: Cast) -> Stops:
    person = cast.somebody(signed_in=somebody_new("operator", Role.OPERATIONS))
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
    yield "webhook, nothing sent yet", person
    yield from _in_use(cast, person)


def _in_use(cast: Cast, person: Person) -> Stops:
    webhook = person.page.url
    person.go("Send test")
    yield "send test, check", person
    person.press("Send test")
    do(deposit(cast.ada.account_id, 3))
    drain()
    for endpoint_id in Lane.objects.values_list("endpoint_id", flat=True):
        deliver_due(endpoint_id)
    person.open(webhook)
    yield "webhook, failing", person
    person.go("DepositMade")
    yield "delivery", person
    person.open(f"{person.page.url}/replay")
    yield "send again, check", person
    yield from _tasks(person, webhook)
    person.open("/webhooks")
    yield "webhooks", person


def _tasks(person: Person, webhook: str) -> Stops:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    for task, label, text in (
        ("replay", "Since (UTC)", f"{yesterday:%Y-%m-%dT%H:%M}"),
        ("rotate-secret", "", ""),
        ("remove", "Reason", LONG_WORD),
        ("disable", "Reason", LONG_WORD),
    ):
        person.open(f"{webhook}/{task}")
        yield f"webhook: {task}", person
        if label:
            person.fill(label, text)
        person.press("Continue")
        yield f"webhook: {task}, check", person
    person.press("Disable webhook")
    person.open(webhook)
    yield "webhook, disabled", person
    person.open(f"{webhook}/enable")
    yield "webhook: enable, check", person
