"""Template tags: amounts, IBANs, moments, icons, and the navigation that a person's roles allow."""

from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bank.web import formats
from bank.web.navigation import NavigationItem, items_for

register = template.Library()

register.filter("iban", formats.iban_html)
register.filter("mask_iban", formats.mask_iban)
register.filter("mask_email", formats.mask_email)
register.filter("currency_symbol", formats.currency_symbol)


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


@register.filter
def grouped(value: int) -> str:
    """`18,234`."""
    return f"{value:,}"


@register.filter
def moment(value: datetime) -> SafeString:
    """`23 Nov 2026, 09:41 UTC`."""
    utc = value.astimezone(UTC)
    return format_html('<time datetime="{}">{}</time>', utc.isoformat(), f"{utc.day} {utc:%b %Y, %H:%M} UTC")


@register.filter
def day(value: datetime | date) -> SafeString:
    """`23 Nov 2026`."""
    date_only = value.date() if isinstance(value, datetime) else value
    return format_html('<time datetime="{}">{}</time>', date_only.isoformat(), f"{value.day} {value:%b} {value.year}")


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> list[NavigationItem]:
    """The main navigation for who is signed in."""
    return items_for(context["request"])


@register.simple_tag
def query(base: dict[str, Any], **changes: Any) -> str:
    """`?a=1&b=2` of `base` with `changes`; what is empty is left out."""
    merged = {**base, **changes}
    return "?" + urlencode({name: value for name, value in merged.items() if value not in ("", None)})
