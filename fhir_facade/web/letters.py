"""The words of letters to developers, in their language."""

from __future__ import annotations

from collections.abc import Mapping

from fhir_facade.registry.mail import Compose
from fhir_facade.web.language import Texts


def composer(agency: str, contact: str, base: str) -> Compose:
    """Words letters.

    Args:
        agency: who writes.
        contact: whom to ask.
        base: public base URL without a final slash.
    """

    def compose(kind: str, language: str, facts: Mapping[str, str]) -> tuple[str, str]:
        texts = Texts(language, {"agency": agency, "contact": contact})
        return _review(texts, base, facts) if kind == "review" else _link(texts, kind, facts)

    return compose


def _link(texts: Texts, kind: str, facts: Mapping[str, str]) -> tuple[str, str]:
    body = [texts("letter.hello"), texts(f"letter.{kind}"), facts["link"], texts("letter.bye")]
    return texts(f"letter.{kind}_subject"), "\n\n".join(body) + "\n"


def _review(texts: Texts, base: str, facts: Mapping[str, str]) -> tuple[str, str]:
    state = texts(f"state.{facts['state']}")
    body = [texts("letter.hello"), texts("letter.review", app=facts["app"], state=state)]
    if facts["why"]:
        body.append(
            texts("letter.why", why=texts.or_plain(facts["why"]) if facts["state"] == "denied" else facts["why"])
        )
    body += [texts(f"letter.next_{facts['state']}"), f"{base}/developers/apps/{facts['app_id']}", texts("letter.bye")]
    return " ".join(texts("letter.review_subject", app=facts["app"], state=state).split()), "\n\n".join(body) + "\n"
