"""The contract for reading: the OpenAPI document, and Swagger UI over it."""

from functools import cache
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.settings import spectacular_settings

_JSON: Final = "application/vnd.oai.openapi+json"
_YAML: Final = "application/vnd.oai.openapi"
# What a client may ask for, by `?format=` or by `Accept`, and the format that it gets.
_FORMATS: Final = {"json": _JSON, "yaml": _YAML}
_ACCEPTED: Final = {
    _JSON: _JSON,
    "application/json": _JSON,
    _YAML: _YAML,
    "application/yaml": _YAML,
}
_RENDERERS: Final[dict[str, Any]] = {_JSON: OpenApiJsonRenderer, _YAML: OpenApiYamlRenderer}


@csrf_exempt  # what is no GET changes nothing and is told so (405), not asked for a form's token
@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The document, as YAML or JSON: by `?format=`, else by `Accept`. No token: it holds nothing of anybody."""
    kind = (
        _FORMATS.get(request.GET.get("format", ""))
        or _ACCEPTED[request.get_preferred_type([_YAML, *_ACCEPTED]) or _YAML]
    )
    return HttpResponse(
        _rendered(kind), content_type=kind, headers={"Cache-Control": "public, max-age=60", "Vary": "Accept"}
    )


@method_decorator(csrf_exempt, name="dispatch")
class DocsView(TemplateView):
    """Swagger UI, served from here: no script, style, font or request from or to elsewhere."""

    http_method_names = ["get", "head"]
    template_name = "api/docs.html"


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document. It changes with the code only, so a process makes it once."""
    generator = spectacular_settings.DEFAULT_GENERATOR_CLASS()
    made: dict[str, Any] = generator.get_schema(request=None, public=True)
    return made


@cache
def _rendered(kind: str) -> bytes:
    written: bytes = _RENDERERS[kind]().render(document(), renderer_context={})
    return written
