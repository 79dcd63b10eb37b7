"""Template tags: amounts, IBANs, moments, icons, and the navigation that a person's roles allow."""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.template import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bank.identity import policy
from bank.web import formats, words
from bank.web.navigation import NavigationItem, items_for
from bank.web.rooms import SECTION_TITLES, links_of

register = template.Library()

register.filter("iban", formats.iban_html)
register.filter("mask_iban", formats.mask_iban)
register.filter("mask_email", formats.mask_email)
register.filter("currency_symbol", formats.currency_symbol)
register.filter("grouped", formats.grouped)
register.filter("decimal", formats.decimal)
register.filter("moment", formats.moment_html)
register.filter("day", formats.day_html)
register.filter("moment_text", formats.moment_text)
register.filter("refusal_words", words.of_refusal)
register.filter("event_words", words.of_event)
register.filter("event_mark", words.mark_of_event)
register.filter("operation_words", words.of_operation)


@register.simple_tag
def money(minor: int, currency: str, plus: bool = False) -> SafeString:
    """An amount in minor units; `plus` shows the sign of what came in, too."""
    return formats.money_html(minor, currency, show_plus=plus)


@register.simple_tag
def icon(name: str) -> SafeString:
    """One of the sprite's icons. Always decoration: the words beside it say the same."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("vendor/lucide/sprite.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> list[NavigationItem]:
    """The main navigation for who is signed in."""
    return items_for(context["request"])


@register.inclusion_tag("components/rooms.html", takes_context=True)
def rooms(context: Context, section: str) -> dict[str, Any]:
    """The links between the rooms of a section, on the pages of each of them."""
    request = context["request"]
    return {"label": SECTION_TITLES[section], "links": links_of(section, request.user, request.path)}


@register.inclusion_tag("components/standstill.html", takes_context=True)
def standstill(context: Context, fresh: Any) -> dict[str, Any]:
    """What stands above figures that are behind or stand still; with the way to mend it, for those who may."""
    href = ""
    if fresh.paused and policy.may_operate(context["request"].user):
        one = fresh.paused[0] if len(fresh.paused) == 1 else ""
        href = reverse("web:operations_projection", args=[one]) if one else reverse("web:operations_projections")
    return {"fresh": fresh, "href": href}


@register.simple_tag
def languages() -> list[tuple[str, str]]:
    """(code, the name that its speakers give it): whoever does not read the page's language finds the own one."""
    return list(settings.LANGUAGES)


@register.simple_tag
def query(base: dict[str, Any] | None = None, **changes: Any) -> str:
    """`?a=1&b=2` of `base` with `changes`; what is empty is left out."""
    merged = {**(base or {}), **changes}
    return "?" + urlencode({name: value for name, value in merged.items() if value not in ("", None)})
