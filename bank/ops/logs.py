"""Log lines: JSON where a machine reads them, plain where a person does; both say whose work they belong to.

Nothing that a customer or a client wrote belongs in a log: no bodies, names, addresses, account numbers, tokens. Code
keeps to that by logging ids; what errors quote is taken out here, before a line is written.
"""

import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger
from typing_extensions import override

JSON: Final = "json"
CONSOLE: Final = "console"

_WITHHELD: Final = (
    # PostgreSQL quotes rows and keys here.
    (re.compile(r"(DETAIL|CONTEXT):.*(?:\n(?!Traceback|During|The above|\s*File ).*)*"), r"\1: [withheld]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), r"\1 [withheld]"),
    (re.compile(r"\bpbk_[\w-]+"), "[token]"),
    (re.compile(r"(?<=:)//[^\s/@]+@"), "//[withheld]@"),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "[email]"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b"), "[iban]"),
)
# Made by us, of nothing that anybody wrote; and what a text must have to be looked at more closely.
_OUR_OWN: Final = frozenset(
    {"timestamp", "level", "logger", "request_id", "actor", "route", "task", "task_id", "method", "state"}
)
_SUSPICIOUS: Final = re.compile(r"@|pbk_|[A-Z]{2}\d\d|DETAIL|CONTEXT|(?i:bearer|basic)")


def chosen_format(wish: str) -> str:
    """`wish` (LOG_FORMAT), or what suits whoever reads stderr."""
    if wish in {JSON, CONSOLE}:
        return wish
    if wish:
        raise ValueError(f"LOG_FORMAT={wish} is neither {JSON} nor {CONSOLE}")
    return CONSOLE if sys.stderr.isatty() else JSON


class AccessLine(msgspec.Struct, frozen=True, kw_only=True):
    """A request that was answered: all of the line, in its order, with nothing in it that a client could have written.

    The most frequent line by far, so it passes none of the steps that others need: a fifth of their time.
    """

    timestamp: datetime
    level: str = "info"
    logger: str = "bank.access"
    event: str = "request"
    method: str | None
    status: int
    milliseconds: float
    request_id: str
    actor: str | None
    route: str | None

    def __str__(self) -> str:
        return f"{self.method} {self.status} {self.route}"


_access = logging.getLogger("bank.access")


def log_access(
    *, method: str | None, status: int, milliseconds: float, request_id: str, actor: str | None, route: str | None
) -> None:
    """Write the line of a request."""
    if _access.isEnabledFor(logging.INFO):
        line = AccessLine(
            timestamp=datetime.now(UTC),
            method=method,
            status=status,
            milliseconds=milliseconds,
            request_id=request_id,
            actor=actor,
            route=route,
        )
        _access.handle(logging.LogRecord(_access.name, logging.INFO, "", 0, line, None, None))


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Access lines at once, as JSON or by the steps of the console; all others by the processors."""

    def __init__(self, *, as_json: bool, processors: list[Processor]) -> None:
        super().__init__(foreign_pre_chain=_SHARED, processors=processors)
        self._as_json = as_json

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: object = record.msg
        if not isinstance(line, AccessLine):
            return super().format(record)
        if self._as_json:
            return _encode_line(line).decode()
        record = logging.makeLogRecord(record.__dict__)
        record.msg = msgspec.to_builtins(line)
        vars(record).update(_logger=_access, _name=line.level)  # as structlog's own loggers mark theirs
        return super().format(record)


def formatter(kind: str = "") -> logging.Formatter:
    """For LOGGING and the web server's own: the formatter of every line. `kind`: json, console, or what suits."""
    _configure()
    render: list[Processor] = [structlog.processors.JSONRenderer(serializer=_encode)]
    as_json = chosen_format(kind) == JSON
    if not as_json:
        render = [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    return _Formatter(
        as_json=as_json,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _add_work,
            structlog.processors.format_exc_info,  # without the values of local variables
            withhold,
            _in_order,
            *render,
        ],
    )


def withhold(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Take out what errors quote of customers and clients."""
    for name, value in line.items():
        if name not in _OUR_OWN and isinstance(value, str):
            line[name] = withheld(value)
    return line


def withheld(text: str) -> str:
    """The text without what errors quote of customers and clients."""
    if _SUSPICIOUS.search(text):
        for pattern, instead in _WITHHELD:
            text = pattern.sub(instead, text)
    return text


def _add_work(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    from bank.ops.work import current  # Django is not there yet when the web server's first process logs

    work = current()
    if work is not None:
        for name, value in work.fields().items():
            line.setdefault(name, value)
    return line


_FIRST: Final = ("timestamp", "level", "logger", "event")


def _in_order(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    return {**{name: line.pop(name, None) for name in _FIRST}, **line}


_SHARED: Final[list[Processor]] = [
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def _configure() -> None:
    """structlog's own loggers, and warnings, go the way of all others."""
    logging.captureWarnings(capture=True)
    # No line shows these, and finding them out takes longer than all the rest of writing it.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=logging.getLogger,
        cache_logger_on_first_use=True,
    )


_encode_line: Final = msgspec.json.Encoder().encode


def _encode(line: Mapping[str, Any], **_options: Any) -> str:
    return msgspec.json.encode(line, enc_hook=str).decode()
