"""Which providers a viewer was just shown by name: what a page names, the same request may include."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Iterable

from fhir_facade.resources.page import Rendered, Viewer

_REFERENCE = b'"reference":"'
_SHARED = re.compile(rb'((?:Organization|Practitioner)/[A-Za-z0-9\-.]{1,64})"')
_MOST_VIEWERS = 2_000
_SECONDS = 30.0


def named_in(body: bytes) -> set[str]:
    """References to organizations and practitioners in a rendered resource."""
    found = map(_SHARED.match, body.split(_REFERENCE)[1:])
    return {one[1].decode() for one in found if one}


class NamedProviders:
    """Remembers for half a minute what pages named, per viewer; bounded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._named: OrderedDict[Viewer, tuple[float, set[str]]] = OrderedDict()

    def remember(self, viewer: Viewer, shown: Iterable[Rendered]) -> None:
        """Note what these resources name."""
        named: set[str] = set()
        for rendered in shown:
            named |= named_in(rendered.body)
        with self._lock:
            self._named[viewer] = (time.monotonic(), named)
            self._named.move_to_end(viewer)
            if len(self._named) > _MOST_VIEWERS:
                self._named.popitem(last=False)

    def knows(self, viewer: Viewer, references: Collection[str]) -> bool:
        """Whether the viewer's last page named all of these."""
        with self._lock:
            noted, named = self._named.get(viewer, (0.0, set()))
        return noted > time.monotonic() - _SECONDS and named.issuperset(references)
