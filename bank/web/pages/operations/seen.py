"""Pages that ask again by themselves: what they showed is sent along, and where nothing is new nothing is answered."""

import zlib
from collections.abc import Callable
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render

from bank.web.access import SignedInRequest

_SEEN: Final = "seen"


def answer(
    request: SignedInRequest, template: str, seen: object, context: Callable[[], dict[str, Any]] | dict[str, Any]
) -> HttpResponse:
    """The page, with the mark `seen` to send back; 204 to whoever has seen the same. Works without a script, too."""
    mark = f"{zlib.crc32(repr(seen).encode()):08x}"
    if request.GET.get(_SEEN) == mark:
        return HttpResponse(status=204)
    values = context() if callable(context) else context
    return render(request, template, {**values, "seen": mark})
