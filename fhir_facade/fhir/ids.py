"""Ids of resources: the source's short name and the source's own id, so that several sources live side by side."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256

_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def is_fhir_id(value: object) -> bool:
    """Whether ``value`` has the syntax of a FHIR id: 1–64 of ``A-Z a-z 0-9 - .``."""
    return isinstance(value, str) and _FHIR_ID.fullmatch(value) is not None


@lru_cache(maxsize=65_536)
def facade_id(source: str, local: str) -> str:
    """The id of a resource.

    Args:
        source: short name of the claims source.
        local: the id of the record there.

    Returns:
        ``<source>-<local>`` where that is a FHIR id, else ``<source>-`` and a hash of ``local``: stable either way.
    """
    plain = f"{source}-{local}"
    if is_fhir_id(plain):
        return plain
    digest = sha256(local.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{source}-{digest[: min(40, 63 - len(source))]}"
