"""Forked children: each does its work, tells what went wrong, and ends without a word to whatever it inherited."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from fhir_facade.contracts.errors import FacadeError

log = logging.getLogger("fhir_facade.serving")


def forked(work: Callable[[], object], failure: str) -> int:
    """Do ``work`` in a child; its process id.

    Args:
        work: what the child does; it ends with status 0 where that returns, and 1 where it raises.
        failure: what is logged where it raises something that nobody foresaw.
    """
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        work()
        status = 0
    except FacadeError as error:  # its words are for the operator
        log.exception("a process cannot work: %s", error)
    except BaseException:
        log.exception(failure)
    finally:
        logging.shutdown()
        os._exit(status)
