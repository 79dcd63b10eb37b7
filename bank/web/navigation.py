"""The main navigation: only what a person's roles allow."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from bank.identity import policy
from bank.web.rooms import covers


@dataclass(frozen=True, slots=True, kw_only=True)
class NavigationItem:
    """A link of the main navigation; `is_current` where the page belongs to it."""

    label: StrOrPromise
    href: str
    is_current: bool


def items_for(request: HttpRequest) -> list[NavigationItem]:
    """The rooms that the person may enter, in the order of how often they are wanted."""
    person = request.user
    is_customer = policy.customer_of(person) is not None
    sees_customers = policy.may_see_customers(person)
    account_pages = "/accounts"
    # What each item covers besides the pages below its own address.
    links: list[tuple[StrOrPromise, str, bool, str]] = [
        (_("Overview"), reverse("web:overview"), is_customer, account_pages),
        (_("Transfer"), reverse("web:choose_transfer"), is_customer, ""),
        (_("Notifications"), reverse("web:notifications"), is_customer, ""),
        (_("Customers"), reverse("web:find_customer"), sees_customers, "" if is_customer else account_pages),
        (_("Reports"), reverse("web:reports"), policy.may_see_reports(person), reverse("web:dashboard")),
        (_("Operations"), reverse("web:operations"), policy.may_operate(person), reverse("web:webhooks")),
        (_("Audit"), reverse("web:audit"), policy.may_audit(person), reverse("web:access_records")),
        (_("System"), reverse("web:system"), policy.may_see_system(person), ""),
        (_("Security"), reverse("web:security"), True, ""),
    ]
    return [
        NavigationItem(label=label, href=href, is_current=_covers(href, inside, request.path))
        for label, href, is_allowed, inside in links
        if is_allowed
    ]


def _covers(href: str, inside: str, here: str) -> bool:
    return here == href or (href != "/" and covers(href, here)) or bool(inside and covers(inside, here))
