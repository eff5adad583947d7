"""A process that is told to end ends, however often and at whatever moment it is told."""

from __future__ import annotations

import subprocess
import sys

import pytest

TOLD_AGAIN = """
import signal
from threading import Event
from fhir_facade.serving.signals import end_at, pause

class Told(Event):
    def set(self):
        with self._cond:
            signal.raise_signal(signal.SIGTERM)  # the second one comes while the first is handled
            self._flag = True

stop = Told()
end_at(stop, signal.SIGTERM, signal.SIGINT)
signal.setitimer(signal.ITIMER_REAL, 0.2)
signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGTERM))
pause(stop, 30)
assert stop.is_set()
"""

TOLD_BY_MANY = """
import os, signal, threading, time
from threading import Event
from fhir_facade.serving.signals import end_at, pause

for _ in range(300):
    stop = Event()
    end_at(stop, signal.SIGTERM)
    tellers = [threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGTERM)) for _ in range(4)]
    for each in tellers:
        each.start()
    pause(stop, 30)
    for each in tellers:
        each.join()
    assert stop.is_set()
"""


@pytest.mark.parametrize("program", [TOLD_AGAIN, TOLD_BY_MANY])
def test_a_signal_that_comes_while_another_is_handled_stops_nobody(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
