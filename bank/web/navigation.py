"""The main navigation: only what a person's roles allow."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from bank.identity import policy


@dataclass(frozen=True, slots=True, kw_only=True)
class NavigationItem:
    """A link of the main navigation; `is_current` where the page belongs to it."""

    label: str
    href: str
    is_current: bool


def items_for(request: HttpRequest) -> list[NavigationItem]:
    """The rooms that the person may enter, in the order of how often they are wanted."""
    person = request.user
    links: list[tuple[str, str, bool]] = [
        ("Overview", reverse("web:overview"), policy.customer_of(person) is not None),
        ("Transfer", reverse("web:choose_transfer"), policy.customer_of(person) is not None),
        ("Customers", reverse("web:find_customer"), policy.may_see_customers(person)),
        ("Daily flows", reverse("web:daily_flows"), policy.may_see_reports(person)),
        ("Records", reverse("admin:index"), policy.may_audit(person)),
    ]
    here = request.path
    return [
        NavigationItem(label=label, href=href, is_current=_covers(href, here))
        for label, href, allowed in links
        if allowed
    ]


def _covers(href: str, here: str) -> bool:
    return here == href or (href != "/" and here.startswith(href))
