"""Lines of a claims file, none longer in memory than a record can be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, AnyStr

LONGEST = 1_000_000
"""Characters or bytes of a line; records of the known formats have some thousands."""

TOO_LONG = f"the line has more than {LONGEST:,} characters, as no record has; line ends may be missing"
"""What is said of a line that is not whole."""


def numbered(stream: IO[AnyStr], first: int = 1) -> Iterator[tuple[int, AnyStr, bool]]:
    """Each line with its number, and whether it is whole: of a longer one the rest is passed over.

    Args:
        stream: the file, in text or bytes.
        first: number of the next line of ``stream``.

    Yields:
        The number, the line with its end (or the first ``LONGEST`` characters of one that is too long), and whether
        it is whole.

    Raises:
        OSError: the file cannot be read any more.
    """
    number = first
    while line := stream.readline(LONGEST):
        whole = len(line) < LONGEST or line[-1:] in ("\n", b"\n")
        yield number, line, whole
        while not whole:
            rest = stream.readline(LONGEST)
            whole = len(rest) < LONGEST or rest[-1:] in ("\n", b"\n")
        number += 1
