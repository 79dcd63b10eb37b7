"""Ids: time-ordered for what is new (UUIDv7, RFC 9562), derived where a retry must make the same."""

from uuid import UUID, uuid5

from uuid_utils import compat


def new_id() -> UUID:
    """A UUIDv7: sorts by time of making, so that indexes grow at one end."""
    return compat.uuid7()


def derived_id(base: UUID, *names: str) -> UUID:
    """The UUIDv5 of `names` in the namespace `base`: the same for the same arguments, for ever."""
    return uuid5(base, "/".join(names))
