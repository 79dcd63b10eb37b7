"""A folder with nothing in it but what was written here: the same each time, and nobody else's files touched."""

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

LIST: Final = ".passbook-catalogue.json"


class ForeignFolder(Exception):
    """The folder holds something, and it was not written by an earlier export."""


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Make the folder hold these files (text by relative path), beside others that came into it since.

    What an earlier export wrote and this one does not, goes. Raises ForeignFolder.
    """
    before = _written_before(folder)
    for name in sorted(set(before) - set(files)):
        _remove(folder, name)
    for name, text in sorted(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    (folder / LIST).write_text(json.dumps(sorted(files), indent=1) + "\n", encoding="utf-8", newline="\n")


def _written_before(folder: Path) -> list[str]:
    if folder.exists() and not folder.is_dir():
        raise ForeignFolder(f"{folder} is no folder")
    if not folder.exists() or not any(folder.iterdir()):
        return []
    try:
        names = json.loads((folder / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) and _is_inside(name) for name in names):
        raise ForeignFolder(f"{folder} is not empty, and no earlier export wrote it")
    return names


def _is_inside(name: str) -> bool:
    """A list that somebody changed shall lead nowhere else."""
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts


def _remove(folder: Path, name: str) -> None:
    """The file, and the folders that are empty without it."""
    path = folder / name
    path.unlink(missing_ok=True)
    for parent in path.parents:
        if parent == folder or not parent.is_dir() or any(parent.iterdir()):
            return
        parent.rmdir()
