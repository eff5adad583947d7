"""What the conformance suite says about a plugin that somebody broke."""

from __future__ import annotations

import inspect

from fhir_facade.conformance.identity import IdentityConformance


def complaints(suite: IdentityConformance, *chosen: str) -> str:
    """Everything that the chosen promises, or all of them, complain about."""
    said = []
    for name in chosen or [name for name, _ in inspect.getmembers(suite, callable) if name.startswith("test_")]:
        try:
            getattr(suite, name)()
        except (AssertionError, AttributeError) as error:
            said.append(str(error))
    return "\n".join(said)
