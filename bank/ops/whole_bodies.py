"""Bodies of requests arrive whole or not at all: half of one may well be a request, too, for something else."""

from collections.abc import Iterable
from typing import Protocol
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Readable(Protocol):
    """What a server hands over as a body."""

    def read(self, size: int, /) -> bytes: ...

    def readline(self, size: int, /) -> bytes: ...


class WholeBodies:
    """Around the application: where a client leaves before its body has ended, reading the body raises.

    The web server hands over what had come by then, as if it were all.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"] = _Body(environ["wsgi.input"])
        return self._application(environ, start_response)


class _Body:
    """Django never asks for more than the announced length, so less than was asked for is the end too early."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        found = self._stream.read(size)
        while len(found) < size:
            found += self._more(self._stream.read(size - len(found)))
        return found

    def readline(self, size: int, /) -> bytes:
        found = self._stream.readline(size)
        while len(found) < size and not found.endswith(b"\n"):
            found += self._more(self._stream.readline(size - len(found)))
        return found

    @staticmethod
    def _more(chunk: bytes) -> bytes:
        if not chunk:
            # Of the kind that Django and the API take for a body that cannot be read (400).
            raise ConnectionAbortedError("the client left before its body had ended")
        return chunk
