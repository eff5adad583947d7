"""Resources as bytes: compact JSON, decimals digit by digit as the source gave them.

A float never touches a number here: ``Decimal("100.10")`` becomes ``100.10``. The version id of a resource is a hash of
its content, so that the same content has the same version wherever and whenever it is written.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")

_UNSET = "0" * 12
_UNSET_TEXT = f'"versionId":"{_UNSET}"'.encode()


def encode(resource: dict[str, Any]) -> bytes:
    """The resource (or Bundle) as compact JSON in UTF-8; ``Decimal`` keeps every digit."""
    return _ENCODER.encode(resource)


def finish(resource: dict[str, Any]) -> tuple[bytes, str]:
    """The body and the version id of a resource; ``meta.versionId`` is written into both.

    Args:
        resource: a resource with ``meta``, which is changed in place.

    Returns:
        The JSON body and 12 hexadecimal digits of the SHA-256 of the content without its version.
    """
    resource["meta"] = {"versionId": _UNSET} | {k: v for k, v in resource["meta"].items() if k != "versionId"}
    body, version = _versioned(encode(resource))
    resource["meta"]["versionId"] = version
    return body, version


def renumbered(body: bytes, version: str) -> tuple[bytes, str]:
    """A finished body that was changed since, with the version id of what it is now.

    Args:
        body: what ``finish`` gave, changed.
        version: the id that stands in it.
    """
    return _versioned(body.replace(f'"versionId":"{version}"'.encode(), _UNSET_TEXT, 1))


def _versioned(body: bytes) -> tuple[bytes, str]:
    version = sha256(body).hexdigest()[:12]
    return body.replace(_UNSET_TEXT, f'"versionId":"{version}"'.encode(), 1), version
