"""What a process raises is told by another as it was raised."""

from __future__ import annotations

import pickle

import pytest

from fhir_facade.contracts.errors import ClaimsInvalid, ClaimsUnavailable, ConfigError, FacadeError, IdentityUnavailable


@pytest.mark.parametrize(
    "error",
    [
        ConfigError(["one: is wrong", "two: is missing"]),
        ClaimsUnavailable("the source is down", retry_after_s=7),
        ClaimsInvalid("unordered", "claims out of order"),
        IdentityUnavailable("the log-in system is down", retry_after_s=9),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_says_the_same_in_another_process(error: FacadeError) -> None:
    there = pickle.loads(pickle.dumps(error))  # noqa: S301 - pickled a moment ago
    assert type(there) is type(error)
    assert (str(there), vars(there)) == (str(error), vars(error))
