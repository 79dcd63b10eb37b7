"""The event codec: stored type names, schema versions and upcasters; JSON in and out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec

from ledger.errors import UnknownEvent
from ledger.personal import personal_fields, reveal

E = TypeVar("E")
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

encode_json: Final = msgspec.json.Encoder().encode
# RFC 8785 for what events hold (objects, arrays, strings, integers, booleans, null): sorted keys, no space, UTF-8.
encode_canonical: Final = msgspec.json.Encoder(order="sorted").encode
decode_json: Final = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class EventType:
    """A stored event type: its name for ever, its newest schema version and the class that this version decodes to."""

    name: str
    version: int
    cls: type[Any]
    decode: Callable[[bytes], Any]
    personal: tuple[str, ...] = ()  # fields that are personal data of the stream's subject
    erases: bool = False  # the subject's key is destroyed with this event


_by_name: dict[str, EventType] = {}
_by_class: dict[type[Any], EventType] = {}
_upcasters: dict[tuple[str, int], Upcaster] = {}


def event(name: str, *, version: int, erases: bool = False) -> Callable[[type[E]], type[E]]:
    """Class decorator: store instances under `name` with schema `version`. A name is never given twice.

    Fields of the type `ledger.personal.Personal` are encrypted with a key of the stream's subject; an event that
    `erases` destroys that key.
    """

    def register(cls: type[E]) -> type[E]:
        if name in _by_name:
            raise ValueError(f"event type {name} is registered already")
        decoder = msgspec.json.Decoder(cls).decode
        kind = EventType(name, version, cls, decoder, personal_fields(cls), erases)
        _by_name[name] = _by_class[cls] = kind
        return cls

    return register


def upcaster(name: str, *, from_version: int) -> Callable[[Upcaster], Upcaster]:
    """Function decorator: turns stored data of `name` from `from_version` into the next version, on reading."""

    def register(function: Upcaster) -> Upcaster:
        if (name, from_version) in _upcasters:
            raise ValueError(f"there is an upcaster of {name} from version {from_version} already")
        _upcasters[name, from_version] = function
        return function

    return register


def type_of(event: object) -> EventType:
    """The stored type of an event object; raises UnknownEvent for a class that was never registered."""
    try:
        return _by_class[type(event)]
    except KeyError:
        raise UnknownEvent(f"{type(event).__name__} is not a registered event") from None


def event_types() -> list[EventType]:
    """Every registered type, by name."""
    return [_by_name[name] for name in sorted(_by_name)]


def upcasters_of(name: str) -> dict[int, Upcaster]:
    """The upcasters of a stored type, by the version that each starts from."""
    return {version: step for (of, version), step in sorted(_upcasters.items()) if of == name}


def decode(name: str, version: int, data: bytes, stream_id: UUID | None = None, key: bytes | None = None) -> Any:
    """The event object that `data` (JSON) of this type and schema version says, brought up to the newest version.

    Personal fields need the `key` of the subject, `stream_id`; without it they read as erased. Raises UnknownEvent
    where the type, or a step between the versions, is not known.
    """
    kind = _by_name.get(name)
    if kind is None:
        raise UnknownEvent(f"no event type {name}")
    if version == kind.version and not kind.personal:
        return kind.decode(data)
    stored = decode_json(data)
    if kind.personal:
        stored = reveal(stored, name, stream_id or UUID(int=0), key)
    return msgspec.convert(upcast(name, version, stored), kind.cls)


def is_personal(name: str) -> bool:
    """Whether events of this stored type hold personal data."""
    kind = _by_name.get(name)
    return kind is not None and bool(kind.personal)


def upcast(name: str, version: int, data: dict[str, Any]) -> dict[str, Any]:
    """`data` of schema `version` as the newest version has it, step by step."""
    newest = _by_name[name].version
    if version > newest:
        raise UnknownEvent(f"{name} version {version} is newer than this code, which knows {newest}")
    while version < newest:
        step = _upcasters.get((name, version))
        if step is None:
            raise UnknownEvent(f"no upcaster of {name} from version {version}")
        data = step(data)
        version += 1
    return data
