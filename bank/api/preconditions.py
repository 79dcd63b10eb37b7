"""Entity tags (RFC 9110, 8.8.3 and 13.1): an account's version, and the `If-Match` and `If-None-Match` that name it."""

import re
from typing import Final

from bank.api.problems import Problem, bad_request

_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS: Final = re.compile(rf"\s*{_TAG}\s*(?:,\s*{_TAG}\s*)*\Z")
_STRONG_VERSION: Final = re.compile(r'"([1-9][0-9]{0,17})"\Z')
# No account is at version 0, so expecting it is expecting in vain.
_NO_VERSION: Final = 0


def etag(version: int) -> str:
    return f'"{version}"'


def expected_version(if_match: str | None, current: int) -> int | None:
    """The version that the client will have the account at; None where it does not care.

    Of several the current one is taken, if it is among them. Tags that are weak or not ours never match. Raises Problem
    (400) for what is not a list of tags.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    if not _TAGS.match(if_match):
        raise bad_request("invalid_if_match", 'If-Match must be entity tags, such as "7", or *.')
    versions = {
        int(match[1]) for tag in re.findall(_TAG, if_match) if (match := _STRONG_VERSION.match(tag)) is not None
    }
    if current in versions:
        return current
    return min(versions, default=_NO_VERSION)


def is_unchanged(if_none_match: str | None, tag: str) -> bool:
    """Whether the client has this already (weak comparison)."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return tag in {found.removeprefix("W/") for found in re.findall(_TAG, if_none_match)}


def precondition_failed() -> Problem:
    """412."""
    return Problem(412, "precondition_failed", "The account has moved on since the version in If-Match.")
