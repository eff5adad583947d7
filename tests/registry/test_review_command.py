"""What a request for production looks like on the terminal of whoever decides about it."""

from __future__ import annotations

import pytest

from fhir_facade.cli.options import print_told


def test_a_request_is_told_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    asked = {
        "redirect_uris": ["https://a.example", "https://b.example"],
        "jwks": None,
        "answers": {"sale": True, "stop": False},
    }
    print_told({"app": "Harbour", "asked": asked})
    assert capsys.readouterr().out.splitlines() == [
        "app: Harbour",
        "asked:",
        "  redirect_uris: https://a.example, https://b.example",
        "  jwks:",
        "  answers:",
        "    sale: yes",
        "    stop: no",
    ]
