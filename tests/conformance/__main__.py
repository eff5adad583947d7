"""``python -m tests.conformance [--full]``: the validator's word on every kind of resource in every version."""

from __future__ import annotations

import argparse
import sys

from tests.conformance.everything import everything
from tests.conformance.run import run
from tests.conformance.sources import Examples
from tests.conformance.validator import CannotValidate


def main() -> int:
    """Judge everything; 0 where nothing counts against us, 1 where something does, 2 where a tool is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--full", action="store_true", help="at least 2,000 claims of invented members")
    parser.add_argument("--examples", action="store_true", help="the guides' own examples instead of ours")
    parser.add_argument(
        "--tables", type=int, default=0, metavar="N", help="all Tuva claims and those of N members of DE-SynPUF alone"
    )
    arguments = parser.parse_args()
    try:
        return run([Examples()] if arguments.examples else everything(full=arguments.full, tables=arguments.tables))
    except CannotValidate as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
