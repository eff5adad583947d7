"""The FHIR endpoints over resources in memory, and over the invented members of the sandbox."""

from __future__ import annotations

import pytest

from tests.web.fhir.memory import MemoryResources, member
from tests.web.fhir.served import served
from tests.web.fhir.world import World

__all__ = ["served"]


@pytest.fixture
def world():
    resources = MemoryResources()
    member(resources, "alice", claims=7)
    member(resources, "bob", claims=3)
    return World(resources)
