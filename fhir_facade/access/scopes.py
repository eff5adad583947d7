"""SMART scopes, versions 1 and 2: the one parser, and the one operation that narrows them.

``patient/ExplanationOfBenefit.rs?type=http://terminology.hl7.org/CodeSystem/claim-type|pharmacy`` is the fullest form.
What cannot be understood is left out, so that a misspelt scope gives nothing. Version 1 in, version 1 out.

Source: SMART App Launch 2.2, "Scopes and Launch Context".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl

Interaction = Literal["r", "s"]

INTERACTIONS: tuple[Interaction, ...] = ("r", "s")

Constraint = tuple[tuple[str, str], ...]
"""Search parameters and values that a resource must meet, all of them."""

PLAIN = frozenset({"openid", "fhirUser", "profile", "offline_access", "launch/patient", "token_introspect"})
"""Scopes without a resource type."""

RESOURCE_TYPES = ("Patient", "Coverage", "ExplanationOfBenefit", "Organization", "Practitioner", "RelatedPerson")
"""What ``*`` stands for where it must be spelled out."""

ONLY_BY_NAME = frozenset({"AuditEvent"})
"""Types that ``*`` does not give: who looked at a member's data concerns the member, not every app."""

DIRECTORY = ("Organization", "Practitioner")
"""Types that are about no member: all that a backend service can be given."""

GRANULAR = {"ExplanationOfBenefit": frozenset({"type"})}
"""Search parameters a scope may be narrowed by."""

_SHAPE = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]{1,63})\.(read|write|\*|c?r?u?d?s?)(?:\?(.{1,400}))?")
_VALUE = re.compile(r"[^\s&%+\"\\]+")
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
_VERSION_1_NAMES = {permissions: name for name, permissions in _VERSION_1.items()}


@dataclass(frozen=True, slots=True)
class SmartScope:
    """One scope on resources.

    Args:
        context: ``patient``, ``user`` or ``system``.
        resource: a resource type, or ``*``.
        permissions: letters of ``cruds`` in that order.
        constraint: what a resource must meet besides; empty for none.
        version_1: the app wrote it in version 1, and reads the answer that way.
    """

    context: str
    resource: str
    permissions: str
    constraint: Constraint = ()
    version_1: bool = False

    def __str__(self) -> str:
        suffix = _VERSION_1_NAMES.get(self.permissions, self.permissions) if self.version_1 else self.permissions
        query = "?" + "&".join(f"{name}={value}" for name, value in self.constraint) if self.constraint else ""
        return f"{self.context}/{self.resource}.{suffix}{query}"

    def covers(self, resource_type: str) -> bool:
        """Whether the scope is about that type."""
        return self.resource == resource_type or (self.resource == "*" and resource_type not in ONLY_BY_NAME)

    def within(self, other: SmartScope) -> SmartScope | None:
        """What both allow; None when nothing."""
        if self.context != other.context or not (self.covers(other.resource) or other.covers(self.resource)):
            return None
        permissions = "".join(letter for letter in self.permissions if letter in other.permissions)
        resource = other.resource if self.resource == "*" else self.resource
        constraint = tuple(dict.fromkeys(self.constraint + other.constraint))
        return SmartScope(self.context, resource, permissions, constraint, self.version_1) if permissions else None


@dataclass(frozen=True, slots=True)
class Scopes:
    """Scopes in the order they were written, each once; plain ones as text."""

    items: tuple[SmartScope | str, ...] = ()
    smart: tuple[SmartScope, ...] = field(init=False, repr=False, compare=False)
    """The scopes on resources."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "smart", tuple(item for item in self.items if isinstance(item, SmartScope)))

    @staticmethod
    def parse(text: str) -> Scopes:
        """The scopes of a space-separated text; what is not understood is left out."""
        return _parse(text)

    def __str__(self) -> str:
        return " ".join(map(str, self.items))

    def __bool__(self) -> bool:
        return bool(self.items)

    def __contains__(self, plain: str) -> bool:
        return plain in self.items

    def has_context(self, context: str) -> bool:
        """Whether any scope on resources is of that context."""
        return any(scope.context == context for scope in self.smart)

    def allows(self, resource_type: str, interaction: Interaction) -> bool:
        """Whether some resource of the type may be read (``r``) or searched for (``s``)."""
        return any(interaction in scope.permissions and scope.covers(resource_type) for scope in self.smart)

    def constraints(self, resource_type: str, interaction: Interaction = "s") -> tuple[Constraint, ...]:
        """What resources of an allowed type must meet: any one of these; empty when there is no limit."""
        found = [s.constraint for s in self.smart if interaction in s.permissions and s.covers(resource_type)]
        return () if () in found else tuple(dict.fromkeys(found))

    def within(self, allowed: Scopes) -> Scopes:
        """What is both here and in ``allowed`` (an app's registered scopes, a member's choice, an earlier grant)."""
        kept: list[SmartScope | str] = []
        for item in self.items:
            if isinstance(item, str):
                kept += [item] if item in allowed else []
            else:
                parts = [scope for other in allowed.smart if (scope := item.within(other))]
                kept += [item] if item in parts else parts
        return _of(kept)

    def hold_what_was_declined(self, asked: Scopes, granted: Scopes) -> bool:
        """Whether these give something that ``asked`` asked for and ``granted`` did not give."""
        declined = {plain for plain in PLAIN if plain in asked and plain not in granted}
        return bool(declined & set(self.items)) or any(
            self.allows(name, interaction)
            and asked.allows(name, interaction)
            and self._wider_than(granted, name, interaction)
            for name in (*RESOURCE_TYPES, *ONLY_BY_NAME)
            for interaction in INTERACTIONS
        )

    def _wider_than(self, other: Scopes, name: str, interaction: Interaction) -> bool:
        if not other.allows(name, interaction):
            return True
        mine, theirs = self.constraints(name, interaction), other.constraints(name, interaction)
        return bool(theirs) and not (mine and set(mine) <= set(theirs))

    def without(self, *, types: Iterable[str] = (), plain: Iterable[str] = ()) -> Scopes:
        """These without some resource types and plain scopes; ``*`` is spelled out where a type of it goes."""
        types, plain = frozenset(types), frozenset(plain)
        kept: list[SmartScope | str] = []
        for item in self.items:
            if isinstance(item, str):
                kept += [item] if item not in plain else []
            else:
                kept += _left_of(item, types)
        return _of(kept)


def of_backend(scopes: Scopes) -> Scopes:
    """The ``system/`` scopes among these, spelled out: the directory, never members' data."""
    return scopes.within(Scopes.parse(" ".join(f"system/{name}.rs" for name in DIRECTORY)))


def _left_of(scope: SmartScope, types: frozenset[str]) -> list[SmartScope]:
    if scope.resource != "*" or not any(scope.covers(name) for name in types):
        return [] if scope.resource in types else [scope]
    return [
        SmartScope(scope.context, name, scope.permissions, scope.constraint, scope.version_1)
        for name in RESOURCE_TYPES
        if name not in types
    ]


def _of(items: Iterable[SmartScope | str]) -> Scopes:
    return Scopes(tuple(dict.fromkeys(items)))


@lru_cache(maxsize=4096)
def _parse(text: str) -> Scopes:
    return _of(scope for word in text.split(" ") if (scope := _parse_one(word)))


def _parse_one(word: str) -> SmartScope | str | None:
    if word in PLAIN:
        return word
    match = _SHAPE.fullmatch(word)
    if match is None or not match[3]:
        return None
    context, resource, suffix, query = match.groups()
    constraint = _constraint(resource, query) if query else ()
    if constraint is None:
        return None
    return SmartScope(context, resource, _VERSION_1.get(suffix, suffix), constraint, suffix in _VERSION_1)


def _constraint(resource: str, query: str) -> Constraint | None:
    """The criteria of a granular scope; None when one of them is not offered."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return None
    offered = GRANULAR.get(resource, frozenset())
    sound = all(name in offered and _VALUE.fullmatch(value) for name, value in pairs)
    return tuple(pairs) if pairs and sound else None
