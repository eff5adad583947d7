"""Result parameters: how the answer is cut, ordered and shaped. None of them filters.

A repeated single-valued parameter never widens an answer: the smallest ``_count`` counts, other contradictions are
refused, equal repetitions are one (clients repeat parameters when they follow a page link).

Source: R4 §3.1.1.5 (managing returned resources).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from fhir_facade.search.faults import BadSearch, Fault
from fhir_facade.search.query import Include, SortKey
from fhir_facade.search.registry import MAXIMUM_COUNT, REGISTRY, ResourceType

_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_ELEMENT = re.compile(r"[A-Za-z]{1,64}", re.ASCII)
CHOICES = {
    "_total": ("none", "estimate", "accurate"),
    "_summary": ("true", "text", "data", "count", "false"),
    "_pretty": ("true", "false"),
}
"""Result parameters that take one of a few words."""
SINGLE = ("_count", "_sort", "_total", "_summary", "_elements", "_format", "_pretty", "_cursor")
_SHAPING = ("_summary", "_elements", "_pretty", "_format")
INCLUDES = ("_include", "_include:iterate", "_revinclude")


@dataclass(slots=True)
class Results:
    """The result parameters of one search, read one after another; ``applied`` is what the self link repeats."""

    kind: ResourceType
    page_size: int
    strict: bool
    sent: dict[str, list[str]] = field(default_factory=dict)
    applied: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    count: int = 0
    sort: tuple[SortKey, ...] = ()
    includes: tuple[Include, ...] = ()
    revincludes: tuple[Include, ...] = ()
    total: str | None = None
    summary: str | None = None
    elements: tuple[str, ...] = ()
    cursor: str | None = None

    def read(self) -> None:
        """Read everything that was ``sent``.

        Raises:
            BadSearch: a value is wrong, or two contradict each other.
        """
        self.count = self._count()
        self.sort = self._sort()
        self.total = self._choice("_total")
        self.summary = self._choice("_summary")
        self.elements = self._elements()
        self._choice("_pretty")
        self._single("_format")
        self.cursor = self._single("_cursor", applied=False)
        self._read_includes()
        self._check()

    def _single(self, name: str, *, applied: bool = True) -> str | None:
        values = set(self.sent.get(name, ()))
        if len(values) > 1:
            raise BadSearch(Fault("value", f"{name}: it was sent several times with different values", name))
        value = next(iter(values), None)
        if value is not None and applied:
            self.applied.append((name, value))
        return value

    def _choice(self, name: str) -> str | None:
        value = self._single(name)
        if value is not None and value not in CHOICES[name]:
            raise BadSearch(Fault("value", f"{name}: write one of {', '.join(CHOICES[name])}", name))
        return None if value == "false" else value

    def _count(self) -> int:
        values = self.sent.get("_count", ())
        if not all(_NUMBER.fullmatch(value) for value in values):
            raise BadSearch(Fault("value", f"_count: write a whole number from 0 to {MAXIMUM_COUNT}", "_count"))
        if not values:
            return self.page_size
        count = min(MAXIMUM_COUNT, *map(int, values))
        self.applied.append(("_count", str(count)))
        return count

    def _sort(self) -> tuple[SortKey, ...]:
        values = set(self.sent.get("_sort", ()))
        if len(values) > 1:
            raise BadSearch(Fault("value", "_sort: it was sent several times with different values", "_sort"))
        keys: dict[str, SortKey] = {}
        for text in next(iter(values), "").split(",") if values else ():
            name = text.removeprefix("-")
            if name not in self.kind.sorts:
                self._unknown_sort_key()
            else:
                keys.setdefault(name, SortKey(name, descending=text.startswith("-")))
        if keys:
            text = ",".join(("-" if key.descending else "") + key.parameter for key in keys.values())
            self.applied.append(("_sort", text))
        return tuple(keys.values())

    def _unknown_sort_key(self) -> None:
        text = f"_sort: {self.kind.name} is sorted by {', '.join(self.kind.sorts)} only"
        if self.strict:
            raise BadSearch(Fault("not-supported", text, "_sort"))
        self.warnings.append(text + "; another key was left out")

    def _elements(self) -> tuple[str, ...]:
        value = self._single("_elements")
        names = tuple(dict.fromkeys(value.split(","))) if value else ()
        if not all(_ELEMENT.fullmatch(name) for name in names):
            raise BadSearch(
                Fault("value", "_elements: write names of top-level elements, separated by commas", "_elements")
            )
        return names

    def _read_includes(self) -> None:
        forwards: dict[Include, None] = {}
        for name in INCLUDES:
            for value in dict.fromkeys(self.sent.get(name, ())):
                self.applied.append((name, value))
                if name == "_revinclude":
                    self.revincludes = (*self.revincludes, self._revinclude(value))
                else:
                    forwards.update(dict.fromkeys(self._include(name, value)))
        self.includes = tuple(forwards)

    def _include(self, name: str, value: str) -> tuple[Include, ...]:
        source, _, rest = value.partition(":")
        parameter, _, target = rest.partition(":")
        iterate = name == "_include:iterate"
        kind = REGISTRY.get(source) if iterate or source == self.kind.name else None
        names = kind.includes if kind else ()
        wanted = names if parameter == "*" else (parameter,)
        if kind is None or not wanted or any(each not in names for each in wanted):
            raise BadSearch(Fault("value", f"{name}: {self._include_forms(iterate)}", name))
        if target and parameter != "*" and target not in kind.parameters[parameter].targets:
            raise BadSearch(Fault("value", f"{name}: {source}:{parameter} does not point to that type", name))
        return tuple(Include(source, each, target or None, iterate) for each in wanted)

    def _include_forms(self, iterate: bool) -> str:
        kinds = REGISTRY.values() if iterate else (self.kind,)
        forms = [f"{kind.name}:{parameter}" for kind in kinds for parameter in (*kind.includes, "*") if kind.includes]
        return f"write one of {', '.join(forms)}" if forms else f"nothing can be included with {self.kind.name}"

    def _revinclude(self, value: str) -> Include:
        forms = [f"{source}:{parameter}" for source, parameter in self.kind.revincludes]
        if value.removesuffix(":" + self.kind.name) not in forms:
            text = f"write one of {', '.join(forms)}" if forms else f"nothing can be added to {self.kind.name}"
            raise BadSearch(Fault("value", f"_revinclude: {text}", "_revinclude"))
        source, parameter = value.split(":")[:2]
        return Include(source, parameter, self.kind.name)

    def _check(self) -> None:
        if self.summary == "count":
            self.count = 0
        if self.summary and self.elements:
            raise BadSearch(Fault("value", "_summary and _elements cannot be used together", "_elements"))
        if self.summary == "text" and (self.includes or self.revincludes):
            raise BadSearch(Fault("value", "_summary=text cannot be used with includes", "_summary"))


def shaping(pairs: Iterable[tuple[str, str]]) -> tuple[str | None, tuple[str, ...]]:
    """``_summary`` and ``_elements`` of a request for one resource; other parameters are not looked at.

    Raises:
        BadSearch: a value is wrong, two contradict each other, or ``_summary=count`` asks to count one resource.
    """
    sent = [(name, value) for name, value in pairs if name in _SHAPING and value]
    if not sent:
        return None, ()
    results = Results(kind=next(iter(REGISTRY.values())), page_size=1, strict=False)
    for name, value in sent:
        results.sent.setdefault(name, []).append(value)
    results.read()
    if results.summary == "count":
        raise BadSearch(Fault("value", "_summary: count is for searches", "_summary"))
    return results.summary, results.elements
