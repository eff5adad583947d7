"""What the demo app and the facade said to each other, as the page shows it: each request, each response."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import current_app
from werkzeug.test import EnvironBuilder, run_wsgi_app

LONGEST_SHOWN = 6000
"""Characters of one response that the page shows."""


class DemoFailed(Exception):
    """The facade answered otherwise than the demo app expected; the text says how."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response; ``said`` is the body or query that was sent."""

    title: str
    request: str
    said: str
    status: str
    answer: str


class Talk:
    """Calls the facade by its public interface, inside the process, and remembers every word.

    Args:
        base: public base URL without a final slash.
    """

    def __init__(self, base: str) -> None:
        self._base = base
        self.exchanges: list[Exchange] = []

    def browser(self, title: str, path: str, query: Mapping[str, str], answer: str) -> None:
        """Remember what went through the member's browser."""
        said = "\n".join(f"{name} = {value}" for name, value in query.items())
        self.exchanges.append(Exchange(title, f"GET {self._base}{path}", said, "303", answer))

    def call(
        self,
        title: str,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        """One request to the facade.

        Raises:
            DemoFailed: the answer is no success.
        """
        builder = EnvironBuilder(path, self._base, method=method, headers=list((headers or {}).items()), data=form)
        chunks, status, _ = run_wsgi_app(current_app.wsgi_app, builder.get_environ(), buffered=True)
        body = b"".join(chunks)
        sent = [f"{name}: {value}" for name, value in (headers or {}).items()]
        sent += [urlencode(form)] if form else []
        self.exchanges.append(Exchange(title, f"{method} {self._base}{path}", "\n".join(sent), status, shown(body)))
        if not status.startswith("200"):
            raise DemoFailed(f"{path.partition('?')[0]}: {status}")
        answer: Mapping[str, Any] = msgspec.json.decode(body)
        return answer


def shown(body: bytes) -> str:
    """A response as the page shows it: JSON with indents, its end left out where it is long."""
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        text = body.decode("utf-8", "replace")
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}\n…"
