"""What an app's makers say about their privacy policy, for members to see before they share.

Source: CMS-9115-F preamble (85 FR 25510, what a payer may ask of apps) and the CARIN Alliance code of conduct.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

QUESTIONS = ("policy", "uses", "sale", "consent", "device", "stop", "secure")
"""The questions, each answered with yes or no; their texts are ``attest.<name>``."""


def answers_of(form: Mapping[str, str]) -> dict[str, bool]:
    """The answers that were given."""
    given = {name: form.get(f"attest-{name}", "") for name in QUESTIONS}
    return {name: answer == "yes" for name, answer in given.items() if answer in {"yes", "no"}}


def unanswered(answers: Mapping[str, bool]) -> Sequence[str]:
    """The questions that still need an answer."""
    return [name for name in QUESTIONS if name not in answers]


def attested(answers: Mapping[str, bool]) -> bool:
    """Whether every question was answered with yes: what the consent page says in the app's favour."""
    return bool(answers) and all(answers.get(name) for name in QUESTIONS)
