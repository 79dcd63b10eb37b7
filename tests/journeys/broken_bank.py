"""The bank's addresses, and two more at which something goes wrong."""

from typing import Never

from django.db import OperationalError
from django.http import HttpRequest
from django.urls import path

from bank import urls
from bank.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def _our_mistake(_request: HttpRequest) -> Never:
    raise RuntimeError("a mistake of ours")


def _database_away(_request: HttpRequest) -> Never:
    raise OperationalError("the database is away")


urlpatterns = [path("our-mistake", _our_mistake), path("database-away", _database_away), *urls.urlpatterns]
