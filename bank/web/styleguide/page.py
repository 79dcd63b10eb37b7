"""The style guide: every component in every state, light beside dark. For developers: never in production."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

if TYPE_CHECKING:
    from bank.web.styleguide.samples import Sample

COMPONENTS: Final = Path(__file__).resolve().parents[3] / "templates" / "components"
THEMES: Final = ("light", "dark")
_SAYS: Final = re.compile(r"{#\s*(.*?)\s*#}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A state of a component, drawn."""

    state: str
    html: SafeString


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A file of templates/components: `name` as one includes it, `says` what its own first lines say."""

    name: str
    says: str
    states: list[Shown]

    @property
    def anchor(self) -> str:
        """What a link to it ends with."""
        return self.name.rpartition("/")[2].removesuffix(".html")


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """All of them; 404 outside development."""
    if not settings.DEBUG:
        raise Http404
    context = {"components": list(_components(request)), "themes": THEMES}
    return render(request, "web/styleguide.html", context)


def _components(request: HttpRequest) -> Iterator[Component]:
    from bank.web.styleguide.samples import SAMPLES  # what no running bank needs is not loaded by one

    for name, states in SAMPLES.items():
        shown = [Shown(state=sample.state, html=_draw(request, name, sample)) for sample in states]
        yield Component(name=f"components/{name}.html", says=_says(name), states=shown)


def _draw(request: HttpRequest, name: str, sample: "Sample") -> SafeString:
    """The component as a page would have it; only the focus stays where the reader has it."""
    html = get_template(f"components/{name}.html").render(sample.context, request)
    before, after = sample.inside.value
    return mark_safe(before + html.replace(" autofocus", "") + after)  # noqa: S308 - our own templates drew it


def _says(name: str) -> str:
    text = (COMPONENTS / f"{name}.html").read_text()
    return " ".join(_SAYS.findall(text.partition("\n{% load")[0].partition("\n<")[0]))
