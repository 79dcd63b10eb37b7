"""Template tags of the auditors' pages: moments to the millisecond, and the time between them."""

from django import template

from bank.web import instants

register = template.Library()

register.filter("instant", instants.instant_html)
register.filter("between", instants.between_text)
