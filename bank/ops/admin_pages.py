"""How the admin reads large tables: without counting them, and without skipping over rows to reach a page."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from django.contrib import admin
from django.core.paginator import Page, Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property

# Of what is looked for, so many are listed, the newest ones; the pages under /audit have all.
FOUND_AT_MOST: Final = 500


class BoundedPaginator(Paginator[Any]):
    """The first rows and no more: neither a count nor a page reads further than this."""

    ROWS_AT_MOST = 10_000

    @cached_property
    def count(self) -> int:
        """Exact up to the bound."""
        query = self.object_list
        assert isinstance(query, models.QuerySet)
        return query.order_by()[: self.ROWS_AT_MOST].count()


class NumberedPaginator(BoundedPaginator):
    """Pages of a table whose rows are numbered (nearly) one by one, the newest first: each a range of numbers.

    Every page is found by the key, however far back it is; where numbers are missing it is shorter. What is narrowed
    down is paged as anything else.
    """

    @cached_property
    def count(self) -> int:
        """The highest number."""
        return super().count if self._is_narrowed else self._last

    def page(self, number: Any) -> Any:
        """The rows of this range of numbers."""
        if self._is_narrowed:
            return super().page(number)
        number = self.validate_number(number)
        first = self._last - number * self.per_page
        rows = self._query.filter(pk__gt=first, pk__lte=first + self.per_page)
        return Page(rows, number, self)

    @property
    def _query(self) -> models.QuerySet[Any]:
        assert isinstance(self.object_list, models.QuerySet)
        return self.object_list

    @property
    def _is_narrowed(self) -> bool:
        return bool(self._query.query.where)

    @cached_property
    def _last(self) -> int:
        return self._query.order_by("-pk").values_list("pk", flat=True).first() or 0


def choice_filter(parameter: str, title: Any, choices: Callable[[], Sequence[str]]) -> type[admin.SimpleListFilter]:
    """A filter whose choices are known to the code: asking a large table which there are would read all of it.

    The model's admin narrows its rows down itself.
    """

    class Choice(admin.SimpleListFilter):
        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
            return [(choice, choice) for choice in choices()]

        def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:  # noqa: ARG002
            return queryset

    Choice.parameter_name = parameter
    Choice.title = title
    return Choice
