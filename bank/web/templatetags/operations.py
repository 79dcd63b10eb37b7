"""Template tags of the operations' pages."""

from django import template

from bank.web import durations, formats

register = template.Library()

register.filter("duration", durations.duration_text)


@register.filter
def whole(value: float) -> str:
    """`1,234`: a rate, of which nobody wants to know the decimals."""
    return formats.grouped(round(value))
