"""Asks a live source: in a thread of its own, for so long and no longer, and believes nothing it says.

A source may hang, raise anything or hand over too much. Whatever it does ends as an answer, as ``ClaimsUnavailable`` or
as ``ClaimsInvalid``; a thread that hangs is left behind, and when all are left behind the source counts as down.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from contextvars import copy_context
from itertools import islice
from queue import SimpleQueue
from typing import Any, Generic, NoReturn, TypeVar

from fhir_facade.contracts.errors import ClaimsError, ClaimsInvalid, ClaimsUnavailable

T = TypeVar("T")

MOST = 1_000
"""Records in one answer of a source; more is a broken promise."""


class Deadline:
    """How long one request may still wait for its source.

    Args:
        seconds: from now.
    """

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left; 0 when it is over."""
        return max(0.0, self._until - time.monotonic())


class Question(Generic[T]):
    """One question on its way through a thread."""

    def __init__(self, question: Callable[[], T]) -> None:
        self._question = question
        self._context = copy_context()  # so that what is logged there names the request
        self._answered = threading.Event()
        self._answer: list[T] = []
        self._error: BaseException | None = None

    def work(self) -> None:
        """Ask, and keep the answer or whatever was raised: a plugin may even raise SystemExit."""
        try:
            self._answer.append(self._context.run(self._question))
        except BaseException as error:
            self._error = error
        self._answered.set()

    def wait(self, seconds: float) -> tuple[list[T], BaseException | None]:
        """The answer, or the error, or neither when the time is over."""
        return (self._answer, self._error) if self._answered.wait(seconds) else ([], None)


class Asker:
    """Asks one source.

    Args:
        name: of the source.
        seconds: that one request may wait.
        threads: questions at once; further ones are refused at once.
    """

    def __init__(self, name: str, seconds: float, threads: int = 16) -> None:
        self._name = name
        self._seconds = seconds
        self._threads = threads
        self._process = 0
        self._busy = 0
        self._started = 0
        self._waiting: SimpleQueue[Question[Any]] = SimpleQueue()
        self._counting = threading.Lock()

    def deadline(self) -> Deadline:
        """The deadline of a request that begins now."""
        return Deadline(self._seconds)

    def ask(self, deadline: Deadline, question: Callable[[], T]) -> T:
        """The answer to ``question``.

        Raises:
            ClaimsUnavailable: no answer in time, or too many questions at once, or the source says so.
            ClaimsInvalid: the source raised something that its contract does not allow.
        """
        return self.answer(deadline, self.begin(question))

    def begin(self, question: Callable[[], T]) -> Question[T]:
        """Ask without waiting, so that several sources can be asked at once.

        Raises:
            ClaimsUnavailable: too many questions at once.
        """
        asked = Question(question)
        self._hand_over(asked)
        return asked

    def answer(self, deadline: Deadline, asked: Question[T]) -> T:
        """The answer to what ``begin`` asked.

        Raises:
            ClaimsUnavailable, ClaimsInvalid: as ``ask``.
        """
        answer, error = asked.wait(deadline.left())
        if error is not None:
            _refuse(self._name, error)
        if not answer:
            _refuse(self._name, ClaimsUnavailable(f"source {self._name} took longer than {self._seconds:g} s"))
        return answer[0]

    def _hand_over(self, asked: Question[T]) -> None:
        with self._counting:
            if self._process != os.getpid():  # a forked process has none of its parent's threads
                self._process, self._busy, self._started = os.getpid(), 0, 0
                self._waiting = SimpleQueue()
            if self._busy >= self._threads:
                _refuse(self._name, ClaimsUnavailable(f"source {self._name} has too many questions waiting"))
            self._busy += 1
            if self._started < self._busy:
                self._started += 1
                # daemons: a question that hangs for ever must not keep the process from ending
                threading.Thread(target=self._work, name=f"source-{self._name}", daemon=True).start()
            self._waiting.put(asked)

    def _work(self) -> None:
        waiting = self._waiting
        while True:
            waiting.get().work()
            with self._counting:
                self._busy -= 1

    def records(self, deadline: Deadline, question: Callable[[], Iterable[object]], kind: type[T]) -> list[T]:
        """The records that answer ``question``, all of one kind.

        Raises:
            ClaimsUnavailable, ClaimsInvalid: as ``ask`` and ``records_of``.
        """
        return self.ask(deadline, lambda: records_of(self._name, question, kind))


def records_of(name: str, question: Callable[[], Iterable[object]], kind: type[T]) -> list[T]:
    """The records that a source of that name answers, all of one kind; asked here and now, in the caller's thread.

    Raises:
        ClaimsUnavailable: the source says so.
        ClaimsInvalid: too many records, or something else than records, or whatever else the source raised.
    """
    try:
        found = list(islice(iter(question()), MOST + 1))
    except BaseException as error:  # a plugin may even raise SystemExit
        _refuse(name, error)
    if len(found) > MOST:
        raise ClaimsInvalid("too-many", f"source {name} gave more than {MOST} records at once")
    wrong = next((item for item in found if not isinstance(item, kind)), None)
    if wrong is not None:
        raise ClaimsInvalid("wrong-kind", f"source {name} gave a {type(wrong).__name__} for a {kind.__name__}")
    return [item for item in found if isinstance(item, kind)]


def _refuse(name: str, error: BaseException) -> NoReturn:
    """Raise what may go on: the contract's own errors as they are, with their cause, and a stand-in for all else."""
    if isinstance(error, ClaimsError):
        error.source = error.source or name
        raise error
    refused = ClaimsInvalid("source-raised", f"source {name} raised {type(error).__name__}")
    refused.source = name
    raise refused from error
