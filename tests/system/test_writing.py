"""A catalogue's folder is the same each time, and nobody else's files are touched."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from bank.system.writing import LIST, ForeignFolder, write


def held(folder: Path) -> dict[str, str]:
    """Its files, apart from the list of them."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != LIST)
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files}


def test_what_is_written_again_is_the_same_and_what_is_not_written_any_more_goes(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "catalogue"
    write(folder, {"a.md": "one", "deep/er/b.md": "two", "deep/c.md": "three"})
    first = (folder / LIST).read_bytes()
    write(folder, {"a.md": "one", "deep/er/b.md": "two", "deep/c.md": "three"})
    assert (folder / LIST).read_bytes() == first
    write(folder, {"a.md": "changed", "deep/c.md": "three"})
    assert held(folder) == {"a.md": "changed", "deep/c.md": "three"}
    assert not (folder / "deep" / "er").exists(), "a folder with nothing in it"


def test_what_came_into_it_since_stays(tmp_path: Path) -> None:
    write(tmp_path, {"deep/a.md": "ours"})
    (tmp_path / "deep" / "notes.md").write_text("theirs")
    write(tmp_path, {"b.md": "ours"})
    assert held(tmp_path) == {"b.md": "ours", "deep/notes.md": "theirs"}


@pytest.mark.parametrize(
    "listed",
    [None, "not JSON", '{"a": 1}', "[1]", '[""]', '["/etc/passwd"]', '["../outside.md"]', '["deep/../../outside.md"]'],
)
def test_a_folder_that_no_export_wrote_is_left_alone(tmp_path: Path, listed: str | None) -> None:
    folder, outside = tmp_path / "folder", tmp_path / "outside.md"
    folder.mkdir()
    outside.write_text("theirs")
    (folder / "mine.md").write_text("mine")
    if listed is not None:
        (folder / LIST).write_text(listed)
    with pytest.raises(ForeignFolder, match="no earlier export wrote it"):
        write(folder, {"mine.md": "overwritten"})
    assert held(folder) == {"mine.md": "mine"}
    assert outside.read_text() == "theirs"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    with pytest.raises(ForeignFolder, match="is no folder"):
        write(path, {"a.md": "one"})


def test_the_command_says_so_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text("mine")
    with pytest.raises(CommandError, match="no earlier export wrote it"):
        call_command("export_catalog", str(tmp_path))
    assert held(tmp_path) == {"mine.md": "mine"}


def test_a_file_that_somebody_deleted_is_no_reason_to_stop(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": "one"})
    (tmp_path / "a.md").unlink()
    write(tmp_path, {})
    assert held(tmp_path) == {}
    assert json.loads((tmp_path / LIST).read_text()) == []
