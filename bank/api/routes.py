"""From the path of a resource to its view, segment by segment: Django's resolver tries one pattern after the other.

It gives what Django's gives. Whatever it does not find, it leaves to Django.
"""

from functools import cache
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.urls import ResolverMatch, URLPattern
from django.urls.resolvers import RoutePattern

_PREFIX: Final = "api/v1/"
_ROOT: Final = f"/{_PREFIX}"
_URLS: Final = "bank.urls"


class _Place:
    """What may follow in a path: a word of ours, or a value, and the pattern that ends here."""

    __slots__ = ("pattern", "value", "words")

    def __init__(self) -> None:
        self.words: dict[str, _Place] = {}
        self.value: tuple[str, _Place] | None = None
        self.pattern: URLPattern | None = None


def find(request: HttpRequest) -> ResolverMatch | None:
    """Where the path leads; None where Django must say."""
    path = request.path_info
    if settings.ROOT_URLCONF != _URLS or not path.startswith(_ROOT):
        return None
    place, values = _places(), dict[str, Any]()
    for segment in path[len(_ROOT) :].split("/"):
        if (known := place.words.get(segment)) is not None:
            place = known
        elif place.value is not None and segment:
            name, place = place.value
            values[name] = segment
        else:
            return None
    pattern = place.pattern
    if pattern is None:
        return None
    return ResolverMatch(
        pattern.callback,
        (),
        values,
        pattern.name,
        app_names=["api"],
        namespaces=["api"],
        route=f"{_PREFIX}{pattern.pattern}",
        captured_kwargs=values,
    )


@cache
def _places() -> _Place:
    from bank.api.urls import urlpatterns

    root = _Place()
    for pattern in urlpatterns:
        if not isinstance(pattern.pattern, RoutePattern):
            continue
        place = root
        for segment in str(pattern.pattern).split("/"):
            place = _after(place, segment)
        place.pattern = pattern
    return root


def _after(place: _Place, segment: str) -> _Place:
    if not segment.startswith("<"):
        return place.words.setdefault(segment, _Place())
    name = segment.removeprefix("<str:").removesuffix(">")
    if place.value is None:
        place.value = (name, _Place())
    assert place.value[0] == name, f"two names for one place: {segment}"
    return place.value[1]
