"""One connection of a worker: what waitress does on it, with fewer copies, packets and second looks.

A head waits for its body, and both leave in one call of the system: a head that leaves alone is a packet of its own,
which wakes the client for nothing. What the connection takes at once is not buffered before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from threading import Event
from typing import Any, cast

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import Error, build_http_date

ARRIVED = "fhir_facade.arrived"
"""Key of the WSGI environment: the monotonic time at which the whole request was here."""

StartResponse = Callable[..., Any]
WsgiApp = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]
Unserved = Callable[[int, Mapping[str, Any], StartResponse], Iterable[bytes]]
"""Answers, with a status, a request that never reaches the application."""

Told = Callable[[Mapping[str, Any], int], object]
"""Told the environment of a request, empty where it was none, and the status of its answer."""

_FAILED = 500
_SERVERS_OWN = frozenset({"Connection", "Date", "Server"})


class _Request(HTTPRequestParser):
    """A request that knows when it was all here."""

    arrived = 0.0

    def received(self, data: bytes) -> Any:
        taken = super().received(data)
        if self.completed:
            self.arrived = time.monotonic()
        return taken


class _Answer(WSGITask):
    """An answer that knows how long it was waited for, and whose head leaves with its body."""

    def get_environment(self) -> Any:
        environ = super().get_environment()
        environ[ARRIVED] = cast(_Request, self.request).arrived
        return environ

    def build_response_header(self) -> bytes:
        """The head; kept until the body comes, where one does."""
        head = _plain_head(self) or super().build_response_header()
        if not self.content_length or not self.has_body:
            return head
        cast(_Channel, self.channel).head = head
        return b""

    def finish(self) -> None:
        """Send a head whose body did not come, as after HEAD."""
        super().finish()
        channel = cast(_Channel, self.channel)
        head, channel.head = channel.head, b""
        channel.write_soon(head)


class _Channel(HTTPChannel):
    """A connection; ``head`` waits for a body."""

    parser_class = _Request
    head = b""

    def write_soon(self, data: Any) -> int:
        """As waitress does it, but what the connection takes at once is not copied into a buffer before."""
        if isinstance(data, bytes) and not data:
            return 0
        with self.outbuf_lock:
            pieces, self.head = [self.head, data] if self.head else [data], b""
            is_next = isinstance(data, bytes) and self.connected and not self.total_outbufs_len
            sent = _sent(self, pieces) if is_next else 0
            for piece in [b"".join(pieces)[sent:]] if sent else pieces:
                super().write_soon(piece)
            return len(data)


def channel_class(stopping: Event, unserved: Unserved, told: Told) -> type[HTTPChannel]:
    """What a connection of a worker is made of.

    Args:
        stopping: once it is set, answers end their connections.
        unserved: answers what waitress refuses, and what the application failed at.
        told: called once a request is answered, or refused.
    """

    class Refusal(ErrorTask):
        """What waitress says of a request that is none, in the words of who asked."""

        def execute(self) -> None:
            request = cast(_Request, self.request)
            status = cast(Error, request.error).code
            if status < _FAILED:  # that the application failed is told with its request
                told({}, status)
            asked = {"PATH_INFO": getattr(request, "path", ""), "HTTP_ACCEPT": request.headers.get("ACCEPT", "")}
            body = b"".join(unserved(status, asked, self._begin))
            self.set_close_on_finish()
            self.content_length = len(body)
            self.write(body)

        def _begin(self, status: str, headers: Sequence[tuple[str, str]]) -> None:
            self.status, self.response_headers = status, list(headers)

    class LastAnswer(_Answer):
        """An answer that ends its connection while the worker is stopping."""

        def service(self) -> None:
            """Answer, then tell of it; of an application that failed before its answer began, that it failed."""
            try:
                super().service()
            finally:
                told(self.get_environment(), int(self.status[:3]) if self.complete else _FAILED)

        def set_close_on_finish(self) -> None:
            """Waitress ends a connection after each answer without a body, such as 304; HTTP asks for nothing of it."""
            asked = cast(_Request, self.request).headers.get("CONNECTION", "").lower()
            if self.has_body or self.version != "1.1" or asked == "close" or stopping.is_set():
                super().set_close_on_finish()

        def build_response_header(self) -> bytes:
            if stopping.is_set():
                self.set_close_on_finish()
            return super().build_response_header()

    class Channel(_Channel):
        """A connection whose answers know that the worker is stopping."""

        task_class = LastAnswer
        error_task_class = Refusal

    return Channel


def _plain_head(task: WSGITask) -> bytes:
    """The head of an answer of known length on a connection that stays open; empty where waitress shall write it."""
    names = {name for name, _ in task.response_headers}
    is_kept = task.version == "1.1" and "CONNECTION" not in cast(_Request, task.request).headers
    if not is_kept or not task.has_body or "Content-Length" not in names or names & _SERVERS_OWN:
        return b""
    fields = [f"{name}: {value}\r\n" for name, value in task.response_headers]
    return f"HTTP/1.1 {task.status}\r\n{''.join(fields)}{_date(int(task.start_time))}\r\n".encode("latin-1")


@lru_cache(maxsize=2)
def _date(now: int) -> str:
    return f"Date: {build_http_date(now)}\r\n"


def _sent(channel: Any, pieces: Sequence[bytes]) -> int:
    """How much the connection takes at once; where it fails, waitress meets that again and ends it."""
    try:
        taken: int = channel.socket.sendmsg(pieces)
    except OSError:
        return 0
    channel.last_activity = time.time()
    return taken
