"""A walk past the catalogue of the system: drawn, listed, and one page of each kind."""

from collections.abc import Iterator

from bank.identity.models import Role
from tests.journeys.person import Person
from tests.journeys.walks import Cast, somebody_new, walk


@walk(
    "web:system",
    "web:system_command",
    "web:system_decider",
    "web:system_event",
    "web:system_projection",
    "web:system_screens",
    "web:system_calls",
    "web:system_words",
)
def catalogue_of_the_system(cast: Cast) -> Iterator[tuple[str, Person]]:
    person = cast.somebody(signed_in=somebody_new("auditor", Role.AUDITOR))
    person.open("/system")
    yield "system", person
    for summary in person.page.get_by_text("The same as a list").all():
        summary.click()
    yield "system, as lists", person
    for kind, name in (
        ("commands", "Transfer"),
        ("commands", "NoteSignIn"),
        ("deciders", "account"),
        ("events", "WebhookEndpointRegistered"),
        ("projections", "balances"),
        ("projections", "movements"),
        ("screens", "accounts"),
    ):
        person.open(f"/system/{kind}/{name}")
        for summary in person.page.locator("details > summary").all():
            summary.click()
        yield f"system: {name}", person
    person.open("/system/calls")
    yield "system: calls", person
    person.open("/system/words")
    yield "system: words", person
