"""Claims files that hold no text: empty, compressed, in another encoding. They are told, not passed over as others'."""

from __future__ import annotations

_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


def why_no_text(first: bytes) -> str | None:
    """Why a file cannot be read as text.

    Args:
        first: its first bytes, five of them or all.

    Returns:
        A sentence for the reject list; None for what may be text.
    """
    if not first:
        return "the file is empty"
    if first[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "the file is UTF-16; write it as UTF-8"
    packing = next((name for mark, name in _PACKED.items() if first.startswith(mark)), None)
    return f"the file is compressed ({packing}); unpack it" if packing else None
