"""Collect every string that people read, and bring the catalogues up to date: `python -m tools.messages`.

Needs no gettext program: Babel reads Python, Django's own lexer reads templates. What is new stands in the .po without
a translation, what is gone leaves it; tests/web/test_languages.py fails until each has one. The .mo is made, too.
"""

import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import django
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT: Final = Path(__file__).resolve().parent.parent
LANGUAGES: Final = ("cs",)
# What stands where a file format asks for a date: the same words make the same files.
_NO_DATE: Final = datetime(2026, 1, 1, tzinfo=UTC)
_ROOMS: Final = ("accounts", "bank", "readmodels")
# By which function a string is said to be one to translate, and which of its arguments it is.
_KEYWORDS: Final[dict[str, Any]] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    # The domain speaks English templates; the pages look them up (bank.web.words).
    "InvalidCommand": (3,),
    "_invalid_url": (1,),
}
# What nobody but developers sees, and what is a page of the API: that speaks English.
NOT_FOR_PEOPLE: Final = frozenset({"templates/web/styleguide.html", "templates/api/docs.html"})
_ONLY_FOR_DEVELOPERS: Final = ROOT / "bank" / "web" / "styleguide"


def place_of(language: str, ending: str) -> Path:
    """The catalogue's file: `ending` is "po" or "mo"."""
    return ROOT / "locale" / language / "LC_MESSAGES" / f"django.{ending}"


def templates() -> list[Path]:
    """Every template that people read, pages and letters."""
    found = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("templates/**/*.txt")]
    return sorted(path for path in found if path.relative_to(ROOT).as_posix() not in NOT_FOR_PEOPLE)


def collected() -> Catalog:
    """Every string to translate, with the files that it stands in. Django must be set up: events have words, too."""
    from bank.web.tasks.webhook_registration import sentence_of
    from ledger.codec import event_types

    catalog = Catalog(project="Passbook", charset="utf-8")
    for path, singular, plural, context in [*_from_python(), *_from_templates()]:
        message = (singular, plural) if plural else singular
        catalog.add(message, context=context, locations=[(path, 1)])
    for kind in event_types():
        catalog.add(sentence_of(kind), locations=[(f"{kind.cls.__module__.replace('.', '/')}.py", 1)])
    return catalog


def merged(language: str, wanted: Catalog) -> Catalog:
    """The catalogue of `language` with what is wanted, and nothing else; translations are kept, never guessed."""
    place = place_of(language, "po")
    catalog = Catalog(locale=language, project="Passbook", charset="utf-8", fuzzy=False)
    known = read_po(io.BytesIO(place.read_bytes()), locale=language) if place.exists() else catalog
    for message in wanted:
        if message.id:
            old = known.get(message.id if isinstance(message.id, str) else message.id[0], message.context)
            kept = old.string if old is not None and type(old.id) is type(message.id) else ""
            catalog.add(message.id, kept, locations=message.locations, context=message.context)
    return catalog


def write(language: str, catalog: Catalog) -> None:
    """Both files; the header bears no dates, so that nothing changes where no word does."""
    catalog.header_comment = f"# Words of the pages and letters in the language {language}; see tools/messages.py."
    place_of(language, "po").parent.mkdir(parents=True, exist_ok=True)
    text = io.BytesIO()
    write_po(text, catalog, width=120, sort_output=True, include_lineno=False)
    lines = text.getvalue().decode().splitlines(keepends=True)
    dateless = "".join(line for line in lines if not line.startswith(('"POT-Creation-Date', '"PO-Revision-Date')))
    place_of(language, "po").write_text(dateless)
    compiled = io.BytesIO()
    readable = read_po(io.BytesIO(dateless.encode()), locale=language)
    readable.creation_date = readable.revision_date = _NO_DATE
    write_mo(compiled, readable)
    place_of(language, "mo").write_bytes(compiled.getvalue())


def _from_python() -> Iterator[tuple[str, str, str | None, str | None]]:
    for room in _ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if not path.is_relative_to(_ONLY_FOR_DEVELOPERS):
                yield from _read(path, path.read_text())


def _from_templates() -> Iterator[tuple[str, str, str | None, str | None]]:
    for path in templates():
        calls = templatize(path.read_text(), origin=str(path))
        yield from _read(path, "\n".join(line.strip() for line in calls.splitlines()))  # indented is not as Python is


def _read(path: Path, source: str) -> Iterator[tuple[str, str, str | None, str | None]]:
    """(file, singular, plural, context) of each string."""
    name = path.relative_to(ROOT).as_posix()
    for _line, found, _comments, context in extract("python", io.BytesIO(source.encode()), _KEYWORDS):
        singular, plural = (found[0], found[1]) if isinstance(found, tuple) else (found, None)
        if singular:
            yield name, singular, plural, context


def main() -> None:
    """Says how many strings there are, and which wait for a translation."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bank.settings")
    django.setup()
    wanted = collected()
    for language in LANGUAGES:
        catalog = merged(language, wanted)
        write(language, catalog)
        waiting = [message.id for message in catalog if message.id and not all(_strings(message.string))]
        print(f"{language}: {len(catalog)} strings, {len(waiting)} without a translation")
        for message_id in waiting:
            print(f"  {message_id!r}")


def _strings(string: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [string] if isinstance(string, str) else list(string or [""])


if __name__ == "__main__":
    main()
