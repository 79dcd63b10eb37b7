"""Template tags of the books in double entry."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from bank.web.formats import money_html, month_text

register = template.Library()

register.filter("month", month_text)


@register.simple_tag
def balance_side(minor: int, currency: str) -> SafeString:
    """A balance, debits less credits, as books say it: its amount, and on which side it is. Zero is on none."""
    amount = money_html(abs(minor), currency)
    if minor == 0:
        return amount
    return format_html('{} <span class="sub">{}</span>', amount, gettext("debit") if minor > 0 else gettext("credit"))
