"""The quick way from a path to its view gives what Django's gives."""

import re

import pytest
from django.test import RequestFactory
from django.urls import URLPattern, resolve
from django.urls.resolvers import RoutePattern

from bank.api import routes
from bank.api.urls import urlpatterns
from tests.api.client import PREFIX

ROUTES = [pattern for pattern in urlpatterns if isinstance(pattern.pattern, RoutePattern)]


@pytest.mark.parametrize("pattern", ROUTES, ids=lambda pattern: str(pattern.pattern))
@pytest.mark.parametrize("value", ["x", "a b", "é", "x.y", "deposits", "<str:name>"])
def test_each_resource_is_found_as_django_finds_it(pattern: URLPattern, value: str) -> None:
    path = f"{PREFIX}/{re.sub('<[^>]*>', lambda _: value, str(pattern.pattern))}"
    request = RequestFactory().get("/")
    request.path_info = path
    found, expected = routes.find(request), resolve(path)
    assert found is not None
    for name in ("func", "args", "kwargs", "url_name", "view_name", "route", "app_names", "namespaces"):
        assert getattr(found, name) == getattr(expected, name), name


@pytest.mark.parametrize(
    "path", ["", "/", "/accounts/", "/accounts//deposits", "/account", "/accounts/x/", "/me/x", "/accounts/x/deposits/"]
)
def test_what_is_no_resource_is_left_to_django(path: str) -> None:
    request = RequestFactory().get("/")
    request.path_info = PREFIX + path
    assert routes.find(request) is None
