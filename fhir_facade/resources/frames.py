"""Stored bytes: zstd frames under dictionaries trained on the source's own resources.

A dictionary is a row that never changes: what was written under it stays readable when a newer one is trained. Number 0
means no dictionary. Neither side is safe to share between threads: every
thread has its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import zstandard

_LEVEL = 3  # 6 is a tenth smaller and takes four times as long, which was a tenth of a whole sync
_LARGEST_BODY = 64 * 2**20
_BODY_DICTIONARY = 64 * 1024
_FACET_DICTIONARY = 16 * 1024
_BODY_SEGMENT = 8_000  # resources repeat whole runs of elements, search values single systems and hosts
_FACET_SEGMENT = 1_000
_CONTENT_SLICE = 8
FEWEST_SAMPLES = 50
ENOUGH_SAMPLES = 1000


class Dictionary(NamedTuple):
    """One trained pair: for bodies and for facets; empty bytes mean none could be trained."""

    key: int
    samples: int
    body: bytes
    facets: bytes


PLAIN = Dictionary(0, 0, b"", b"")


def train(bodies: Sequence[bytes], facets: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Dictionaries for bodies and facets alike to these samples; empty where there is too little to learn from."""
    return _train(_BODY_DICTIONARY, _BODY_SEGMENT, bodies), _train(_FACET_DICTIONARY, _FACET_SEGMENT, facets)


def _train(size: int, segment: int, samples: Sequence[bytes]) -> bytes:
    """A dictionary cut from segments of a length that is told: to have it searched for takes four times as long."""
    fitting = min(size, sum(map(len, samples)) // 4)
    if len(samples) < FEWEST_SAMPLES or fitting < 1024:
        return b""
    try:
        return zstandard.train_dictionary(
            fitting, list(samples), k=min(segment, fitting), d=_CONTENT_SLICE, level=_LEVEL
        ).as_bytes()
    except zstandard.ZstdError:  # samples too much alike or too short: frames without a dictionary serve as well
        return b""


class Packer:
    """Compresses under one dictionary; for one thread."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.key = dictionary.key
        self.body = _compressor(dictionary.body)
        self.facets = _compressor(dictionary.facets)


def _compressor(trained: bytes) -> Callable[[bytes], bytes]:
    known = zstandard.ZstdCompressionDict(trained) if trained else None
    return zstandard.ZstdCompressor(level=_LEVEL, dict_data=known, write_dict_id=False, write_checksum=False).compress


class Opener:
    """Decompresses under one dictionary; for one thread."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.body = _decompressor(dictionary.body)
        self.facets = _decompressor(dictionary.facets)


def _decompressor(trained: bytes) -> Callable[[bytes], bytes]:
    known = zstandard.ZstdCompressionDict(trained) if trained else None
    return zstandard.ZstdDecompressor(dict_data=known, max_window_size=_LARGEST_BODY).decompress
