"""What lies inside the upstream's own base, and what does not: only there a token is ever sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

_PORTS = {"http": 80, "https": 443}
_PLAIN = re.compile(r"[\x21-\x7e]+")


class Base:
    """The upstream's base URL and the names it gives itself.

    Args:
        url: where it is asked.
        aliases: further base URLs that stand in its links and references.
    """

    def __init__(self, url: str, aliases: Sequence[str] = ()) -> None:
        self.url = url.rstrip("/")
        self._bases = [urlsplit(one.rstrip("/")) for one in (url, *aliases)]

    def inside(self, link: str) -> str | None:
        """The URL to ask for ``link``: under the base itself, whatever alias it used; None where it leads elsewhere."""
        try:
            rest = self._rest(urljoin(self.url + "/", link))
        except ValueError:  # a bracket that never closes
            return None
        return None if rest is None else self.url + rest

    def reference(self, reference: str) -> str:
        """A reference: relative where it leads into the base, else as it is."""
        if "://" not in reference:
            return reference
        rest = self._rest(reference)
        return reference if rest is None else rest.lstrip("/")

    def _rest(self, url: str) -> str | None:
        """What follows the base: begins with ``/`` or ``?``, or is empty."""
        if _PLAIN.fullmatch(url) is None or "\\" in url:
            return None
        try:
            parts = urlsplit(url)
            place = _place(parts)
        except ValueError:  # a port that is none, or again a bracket
            return None
        if parts.username is not None or parts.password is not None or _climbs(parts.path):
            return None
        for base in self._bases:
            under = parts.path == base.path or parts.path.startswith(base.path + "/")
            if place == _place(base) and under:
                return parts.path[len(base.path) :] + (f"?{parts.query}" if parts.query else "")
        return None


def _place(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _climbs(path: str) -> bool:
    """Whether a path could leave the folder it begins in, however often it is decoded."""
    for _ in range(3):
        if ".." in path.split("/") or "\\" in path:
            return True
        path = unquote(path)
    return False


def relative(node: Any, base: Base) -> Any:
    """A resource whose references into the upstream's own base are relative."""
    if isinstance(node, list):
        return [relative(item, base) for item in node]
    if not isinstance(node, dict):
        return node
    found = {name: relative(value, base) for name, value in node.items()}
    if isinstance(node.get("reference"), str):
        found["reference"] = base.reference(node["reference"])
    return found
