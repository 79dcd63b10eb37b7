"""The README's lists are those of the code."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from accounts.aggregates import COMMANDS
from ledger.codec import event_types
from ledger.projections import projections

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def rows(title: str) -> list[list[str]]:
    """The rows of the first table below a heading, without its head."""
    section = README.split(f"### {title}\n", 1)[1]
    table = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert table is not None
    lines = table[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_command_is_listed_once() -> None:
    assert sorted(names(row[0])[0] for row in rows("Commands")) == sorted(c.__name__ for c in COMMANDS)


def test_every_event_is_listed_once_with_its_version() -> None:
    listed = sorted((names(row[0])[0], row[2]) for row in rows("Events"))
    assert listed == sorted((kind.name, str(kind.version)) for kind in event_types())


def test_what_commands_are_accepted_as_are_events() -> None:
    accepted = {event for row in rows("Commands") for event in names(row[2])}
    assert accepted == {kind.name for kind in event_types()}


def test_every_projection_is_listed_once_with_its_lifecycle() -> None:
    listed = sorted((names(row[0])[0], row[1]) for row in rows("Projections"))
    assert listed == sorted((p.name, p.lifecycle.value) for p in projections())


def test_every_management_command_of_ours_is_listed_once() -> None:
    own = sorted(name for name, app in get_commands().items() if app.startswith("bank."))
    assert sorted(names(row[0])[0].split()[0] for row in rows("Commands for operators")) == own


def test_every_setting_is_listed_once() -> None:
    listed = sorted(name for row in rows("Settings") for name in names(row[0]))
    sources = [
        ROOT / "bank" / "settings.py",
        *sorted((ROOT / "bank" / "ops").rglob("*.py")),
        *sorted((ROOT / "ledger").glob("*.py")),
    ]
    pattern = re.compile(r"""(?:environ(?:\.get)?[\(\[]\s*|_flag\(|_names\()["']([A-Z_]+)["']""")
    read = {name for path in sources for name in pattern.findall(path.read_text())}
    assert listed == sorted(read - _NOT_FOR_PEOPLE)


# What the system sets by itself.
_NOT_FOR_PEOPLE = {"DJANGO_SETTINGS_MODULE", "PATH", "MAKELEVEL"}


@pytest.mark.parametrize(
    "document", sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
)
def test_links_between_documents_lead_somewhere(document: str) -> None:
    path = ROOT / document
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text()):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), f"{document} links to {target}"
