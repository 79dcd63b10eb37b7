"""Template filter of the catalogue: words as they stand in the code."""

import re
from typing import Final

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
_CODE: Final = re.compile(r"`([^`]+)`")


@register.filter
def docs(text: str) -> SafeString:
    """A docstring: what stands between backticks is code."""
    return mark_safe(_CODE.sub(r"<code>\1</code>", conditional_escape(text)))  # noqa: S308 - it is escaped first
