"""The guides for developers: Markdown in each language, the sandbox members, and the dictionary of the data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from flask import Blueprint, Response, abort
from markupsafe import Markup, escape

from fhir_facade.fhir.mapping_table.table import mapping_rows
from fhir_facade.web.home import TestMember
from fhir_facade.web.language import Texts
from fhir_facade.web.markdown import markdown
from fhir_facade.web.pages import Pages

NAMES = (
    "start",
    "samples",
    "log-in",
    "scopes",
    "tokens",
    "paging",
    "errors",
    "synchronising",
    "production",
)
"""The guides that are Markdown files, in the order of reading."""

STEP = re.compile(r"^\{\{([a-z-]+)\}\}$", re.MULTILINE)
"""Where a command of ``guides/steps`` stands in a guide, with the answer that it got when it was run."""


@cache
def text_of(name: str, language: str) -> str:
    """A guide with its commands and their answers; ``{base}`` stands for the facade's own address."""
    written = (files("fhir_facade.web") / "guides" / language / f"{name}.md").read_text(encoding="utf-8")
    return STEP.sub(lambda found: _step(found[1], language), written)


def _step(name: str, language: str) -> str:
    """A command, and below it the answer where there is one."""
    folder = files("fhir_facade.web") / "guides" / "steps"
    command = (folder / f"{name}.sh").read_text(encoding="utf-8")
    answers = [file for file in (folder / f"{name}.json", folder / f"{name}.txt") if file.is_file()]
    blocks = [f"```sh\n{command}```"]
    for file in answers:
        said = Texts(language)("guide.answer")
        blocks += [said, f"```{file.name.rpartition('.')[2]}\n{file.read_text(encoding='utf-8')}```"]
    return "\n\n".join(blocks)


def rendered(name: str, language: str, base: str) -> Markup:
    """A guide as HTML."""
    return markdown(text_of(name, language).replace("{base}", base), title_of(name, language))


def title_of(name: str, language: str) -> str:
    """The heading of a guide."""
    return text_of(name, language).partition("\n")[0].removeprefix("# ")


KINDS = {
    "Inpatient-Institutional": "inpatient-facility",
    "Outpatient-Institutional": "outpatient-facility",
    "Professional-NonClinician": "professional",
    "Pharmacy": "pharmacy",
    "Oral": "oral",
}
"""Profile of claims → the kind of claims, as pages call it."""


def dictionary_of(carin: str, texts: Texts) -> Mapping[str, Sequence[Mapping[str, str]]]:
    """Resource type → what it is filled with: element, path, kinds of claims that have it, an example."""
    groups: dict[str, list[Mapping[str, str]]] = {}
    for row in mapping_rows(carin):
        if row["FHIR path"]:
            path = escape(row["FHIR path"]).replace(".", Markup(".<wbr>"))
            told = {"element": row["element"], "path": path, "kinds": _kinds(row["profiles"], texts)}
            groups.setdefault(row["FHIR path"].partition(".")[0], []).append(told | {"example": row["example"]})
    return groups


def _kinds(profiles: str, texts: Texts) -> str:
    """The kinds of claims that have an element, in words."""
    found = [one.removeprefix("ExplanationOfBenefit-") for one in profiles.split(", ") if "Benefit-" in one]
    if len(found) == len(KINDS):
        return texts("guide.every_kind")
    return ", ".join(texts(f"consent.kind_{KINDS[one]}") if one in KINDS else one for one in found)


def guides_blueprint(pages: Pages, base: str, members: Sequence[TestMember], carin: str) -> Blueprint:
    """The guides below ``/guides``.

    Args:
        pages: renders them.
        base: public base URL without a final slash.
        members: test members to show; empty in production.
        carin: version of the CARIN Blue Button guide, for the dictionary.
    """
    blueprint = Blueprint("guides", __name__)

    @blueprint.get("/guides")
    def all_guides() -> Response:
        language = pages.texts().language
        titles = [(name, title_of(name, language)) for name in NAMES]
        return pages.render("guides.html", titles=titles, members=members)

    @blueprint.get("/guides/<name>")
    def guide(name: str) -> Response:
        if name not in NAMES:
            abort(404)
        language = pages.texts().language
        text = rendered(name, language, base)
        heading = title_of(name, language)
        return pages.render("guide.html", text=text, heading=heading, back="/guides", back_title="guide.title")

    @blueprint.get("/members/choosing")
    def choosing() -> Response:
        """What members should know before they share; it belongs to their pages, not to the developers'."""
        language = pages.texts().language
        text, heading = rendered("choosing", language, base), title_of("choosing", language)
        return pages.render("guide.html", text=text, heading=heading, back="/members", back_title="mine.title")

    @blueprint.get("/guides/members")
    def sandbox_members() -> Response:
        return pages.render("guide_members.html", members=members)

    @blueprint.get("/guides/dictionary")
    def dictionary() -> Response:
        return pages.render("guide_dictionary.html", groups=dictionary_of(carin, pages.texts()), carin=carin)

    return blueprint
