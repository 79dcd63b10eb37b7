"""That the journeys hear what a browser complains of: without that, their silence would say nothing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route

from tests.journeys.person import Person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]
Somebody = Callable[..., Person]

# What is said of each mistake.
MISTAKES = {
    "log: seen": "console.log('seen')",
    "error: broken": "setTimeout(() => { throw 'broken' })",
    "CSP report: script-src-elem": "document.body.append(Object.assign(document.createElement('script'), { text: 1 }))",
    "CSP report: script-src-attr inline": "document.body.insertAdjacentHTML('beforeend', '<p onclick=a()>')",
    "CSP report: style-src-attr inline": "document.body.insertAdjacentHTML('beforeend', '<p style=margin:0>')",
    "CSP report: img-src https://elsewhere.example": "new Image().src = 'https://elsewhere.example/x.png'",
    "CSP report: connect-src https://elsewhere.example": "fetch('https://elsewhere.example/').catch(() => {})",
}


@pytest.mark.parametrize("said", MISTAKES)
def test_a_mistake_in_a_page_is_heard(somebody: Somebody, said: str) -> None:
    person = somebody()
    person.open("/sign-in")
    assert person.complaints == []
    person.page.evaluate(f"() => {{ {MISTAKES[said]} }}")
    assert hears(person, said), person.complaints
    person.complaints.clear()


def test_what_the_policy_stops_is_heard_without_scripts_too(somebody: Somebody) -> None:
    def with_a_style(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("</head>", "<style>p {}</style></head>"))

    person = somebody(java_script_enabled=False)
    person.context.route("**/sign-in", with_a_style)
    person.open("/sign-in")
    assert hears(person, "Content Security Policy"), person.complaints
    person.complaints.clear()


def hears(person: Person, said: str) -> bool:
    """Whether it is said within some seconds: the browser tells of it when it comes to it."""
    for _ in range(200):
        if any(said in complaint for complaint in person.complaints):
            return True
        person.page.wait_for_timeout(50)
    return False
