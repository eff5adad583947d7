"""Name, logo, colour, contact and legal texts of an agency come from its config, and can be read by everybody."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from fhir_facade.app import create_app, migrate_databases
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.sections import AgencySettings, LegalSettings
from fhir_facade.settings import load
from fhir_facade.web.agency import LEAST_CONTRAST, PALEST_GREY, Agency, agency_of, contrast
from fhir_facade.web.assets import Assets, darkened
from tests.peers.browser import chromium
from tests.served import served
from tests.small import SMALL

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screens" / "agency"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="5" fill="#8a1f4d"/></svg>'
BARELY_DARK_ENOUGH = "#6c6c6c"
AGENCY = """
[agency]
name = "Department of <Health>"
contact = "https://health.example.gov/contact"
privacy_url = "https://health.example.gov/privacy"
terms_url = "https://health.example.gov/terms"
logo = "logo.svg"
colour = "#6c6c6c"
[agency.legal]
en = "legal.md"
"""
LEGAL = (
    "## Notice\n\nAsk the [ombudsman](https://ombudsman.example.gov). <script>alert(1)</script> [no](javascript:x)\n"
)


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    (tmp_path / "facade.toml").write_text(SMALL + AGENCY, encoding="utf-8")
    (tmp_path / "logo.svg").write_text(SVG, encoding="utf-8")
    (tmp_path / "legal.md").write_text(LEGAL, encoding="utf-8")
    settings = load(tmp_path / "facade.toml", {"FHIR_FACADE_STATE": str(tmp_path / "state")})
    migrate_databases(settings)
    return create_app(settings)


def test_every_page_shows_who_publishes_it(app: Flask) -> None:
    client = app.test_client()
    for path in ("/", "/guides", "/members", "/developers/sign-up", "/status", "/no-such-page", "/login/x"):
        page = client.get(path, headers={"Accept": "text/html"}).text
        assert "Department of &lt;Health&gt;" in page
        assert 'href="https://health.example.gov/contact"' in page
        assert 'href="https://health.example.gov/privacy"' in page
        assert 'href="https://health.example.gov/terms"' in page
        assert 'href="/legal"' in page
        assert 'src="/assets/agency-logo.svg?v=' in page


def test_logo_and_colour_are_served_from_here(app: Flask) -> None:
    client = app.test_client()
    logo = client.get("/assets/agency-logo.svg")
    assert (logo.text, logo.content_type) == (SVG, "image/svg+xml")
    assert "sandbox" in logo.headers["Content-Security-Policy"], "a script in it runs nowhere"
    sheet = client.get("/assets/uswds.css").text
    assert "#6c6c6c" in sheet
    assert "#005ea2" not in sheet


def test_legal_texts_are_markdown_and_run_nothing(app: Flask) -> None:
    page = app.test_client().get("/legal", headers={"Accept-Language": "es"}).text
    assert '<a class="usa-link" href="https://ombudsman.example.gov">' in page
    assert "&lt;script&gt;" in page
    assert "javascript:x" not in page.replace("[no](javascript:x)", "")
    assert '<div lang="en">' in page


def test_an_agency_without_legal_texts_has_no_page_of_them() -> None:
    assert agency_of(AgencySettings()).legal == {}


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_text("no picture", encoding="utf-8")
    wrong = AgencySettings(
        privacy_url="health.example.gov",
        colour="#ffcc00",
        logo=tmp_path / "logo.png",
        legal=LegalSettings(es=tmp_path / "none.md"),
    )
    with pytest.raises(ConfigError) as refused:
        agency_of(wrong)
    said = "\n".join(refused.value.faults)
    for part in ("privacy_url: must be a web address", "too pale to read", "must be an SVG or a PNG", "none.md"):
        assert part in said


@pytest.mark.parametrize("colour", ["red", "#fff", "005ea2", "#12345g", ""])
def test_a_colour_is_six_hexadecimal_digits(colour: str) -> None:
    with pytest.raises(ConfigError, match="six hexadecimal digits"):
        agency_of(AgencySettings(colour=colour))


def test_a_large_logo_is_refused(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_bytes(b"<svg>" + b" " * 60_000)
    with pytest.raises(ConfigError, match="at most 60000"):
        agency_of(AgencySettings(logo=tmp_path / "logo.svg"))


@pytest.mark.parametrize(
    ("contact", "leads_to"), [("a@b.example", "mailto:a@b.example"), ("Call 211", ""), ("javascript:x", "")]
)
def test_a_contact_is_a_link_where_it_can_be_one(contact: str, leads_to: str) -> None:
    assert Agency("A", contact).contact_url == leads_to


def test_contrast_is_counted_as_the_guidelines_do() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert contrast(BARELY_DARK_ENOUGH, PALEST_GREY) >= LEAST_CONTRAST > contrast("#6f6f6f", PALEST_GREY)


def test_the_shades_follow_the_colour() -> None:
    assert darkened("#804020", 0.5) == "#402010"
    assert Assets("#804020").file("uswds.css").version != Assets().file("uswds.css").version


@pytest.mark.peer("chromium", "node")
def test_the_palest_colour_that_is_taken_can_be_read_everywhere(app: Flask) -> None:
    with served(app) as base, chromium(base) as browser:
        for name, path in {
            "home": "/",
            "sign-up": "/developers/sign-up",
            "tokens": "/guides/tokens",
            "legal": "/legal",
        }.items():
            seen = browser.survey(path, [], PICTURES / name, keyboard=False)
            assert seen["violations"] == [], name
            assert seen["complaints"] == [], name
            assert seen["narrow"] <= 0, name
