"""What the rows of a projection are made by: its code, and its tables as they are defined.

A rebuild that was interrupted goes on with rows made by the same; where code or tables have changed since, it begins
anew. What counts as its code is all of the packages of the projection, of the events and of the ledger: rather begin
anew for nothing than keep rows of two minds.
"""

import hashlib
import importlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from ledger.codec import event_types
from ledger.connections import Cursor
from ledger.projections import AsyncProjection, InlineProjection

_DEFINITIONS: Final = """
with wanted as (select c.oid, c.relname from pg_class c where c.oid = any(%(tables)s::regclass[]::oid[]))
select coalesce(string_agg(line, E'\\n' order by line), '') from (
    select format('%%s %%s %%s %%s %%s %%s', w.relname, lpad(a.attnum::text, 5), a.attname,
                  format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
    from wanted w join pg_attribute a on a.attrelid = w.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    union all
    select format('%%s %%s', w.relname, pg_get_constraintdef(k.oid))
    from wanted w join pg_constraint k on k.conrelid = w.oid
    union all
    select pg_get_indexdef(i.indexrelid) from wanted w join pg_index i on i.indrelid = w.oid
) definitions (line)
"""


def recipe_of(cur: Cursor, projection: AsyncProjection | InlineProjection) -> str:
    """A digest that is another one as soon as the same events may make other rows."""
    packages = {_package_of(kind.cls.__module__) for kind in event_types()}
    makes = projection.apply if isinstance(projection, AsyncProjection) else projection.rows
    packages |= {_package_of(makes.__module__), _package_of(__name__)}
    row = cur.execute(_DEFINITIONS, {"tables": [f"public.{table}" for table in projection.tables]}).fetchone()
    assert row is not None
    return hashlib.sha256(f"{_code_of(frozenset(packages))}\n{row[0]}".encode()).hexdigest()


def _package_of(module: str) -> str:
    return module.partition(".")[0]


@cache
def _code_of(packages: frozenset[str]) -> str:
    """The code does not change under a process that runs it."""
    digest = hashlib.sha256()
    for package in sorted(packages):
        for path, name in _sources_of(package):
            digest.update(f"{package}/{name}\n".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources_of(package: str) -> Iterable[tuple[Path, str]]:
    """(file, its name in the package) of every Python file, in the same order on every machine."""
    module = importlib.import_module(package)
    roots = [Path(path) for path in getattr(module, "__path__", ())]
    found = [(path, path.relative_to(root).as_posix()) for root in roots for path in root.rglob("*.py")]
    if not roots and module.__file__ is not None:
        found = [(Path(module.__file__), "")]
    return sorted(found, key=lambda file: file[1])
