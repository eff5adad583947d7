"""Who publishes the API, as pages say and show it: name, contact, logo, colour and legal texts from the config."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.sections import AgencySettings
from fhir_facade.web.assets import BLUE, Assets

LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3 Contrast (Minimum)."""

PALEST_GREY = "#f0f0f0"
"""The darkest ground on which links stand (every other row of a table)."""

LARGEST_LOGO = 60_000
LONGEST_LEGAL = 200_000
_LOGOS = {".svg": "agency-logo.svg", ".png": "agency-logo.png"}
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Agency:
    """Who publishes the API, as pages say it.

    Args:
        name: of the payer or agency.
        contact: e-mail address or URL.
        privacy_url: of the privacy notice.
        terms_url: of the terms for developers.
        legal: language → Markdown of the legal page.
        assets: files of pages in the agency's colour, with its logo.
        logo: name of the logo among them.
    """

    name: str
    contact: str
    privacy_url: str = ""
    terms_url: str = ""
    legal: Mapping[str, str] = field(default_factory=dict)
    assets: Assets = field(default_factory=Assets)
    logo: str = ""

    @property
    def contact_url(self) -> str:
        """Where a click on the contact leads; nothing where it is neither an e-mail address nor a URL."""
        if re.fullmatch(r"[^\s@/:]+@[^\s@/:]+", self.contact):
            return f"mailto:{self.contact}"
        return self.contact if is_web(self.contact) else ""


def agency_of(settings: AgencySettings) -> Agency:
    """The agency of a config, with its files read.

    Raises:
        ConfigError: with every fault of the table.
    """
    faults = _plain_faults(settings)
    logo = _read(settings.logo, "agency.logo", LARGEST_LOGO, faults) if settings.logo else b""
    kind = settings.logo.suffix.lower() if settings.logo else ""
    if logo and not _is_picture(kind, logo):
        faults.append("agency.logo: must be an SVG or a PNG file")
    named = {"en": settings.legal.en, "es": settings.legal.es}
    legal = {
        language: _read(path, f"agency.legal.{language}", LONGEST_LEGAL, faults).decode("utf-8", "replace")
        for language, path in named.items()
        if path is not None
    }
    if faults:
        raise ConfigError(faults)
    name = _LOGOS.get(kind, "") if logo else ""
    assets = Assets(settings.colour.lower(), {name: logo} if name else {})
    return Agency(settings.name, settings.contact, settings.privacy_url, settings.terms_url, legal, assets, name)


def contrast(one: str, other: str) -> float:
    """How far two colours stand apart, 1 to 21.

    Source: WCAG 2.2, definition of contrast ratio.
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [value / 255 for value in bytes.fromhex(colour[1:])]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def is_web(url: str) -> bool:
    """Whether a text is an address that a browser may open."""
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _plain_faults(settings: AgencySettings) -> list[str]:
    faults = [
        f"agency.{name}: must be a web address that begins with https://"
        for name, url in (("privacy_url", settings.privacy_url), ("terms_url", settings.terms_url))
        if url and not is_web(url)
    ]
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", settings.colour):
        return [*faults, f"agency.colour: must be six hexadecimal digits such as {BLUE}"]
    found = contrast(settings.colour, PALEST_GREY)
    if found < LEAST_CONTRAST:
        faults.append(
            f"agency.colour: {settings.colour} is too pale to read: its contrast with {PALEST_GREY} is {found:.1f}:1, "
            f"and must be {LEAST_CONTRAST}:1 or more; take a darker colour"
        )
    return faults


def _read(path: Path, where: str, most: int, faults: list[str]) -> bytes:
    try:
        body = path.read_bytes()
    except OSError as error:
        faults.append(f"{where}: cannot read {path} ({type(error).__name__}); check path and permissions")
        return b""
    if len(body) > most:
        faults.append(f"{where}: {path.name} has {len(body)} bytes; at most {most}, since every first visit loads it")
    return body


def _is_picture(kind: str, body: bytes) -> bool:
    return body.startswith(_PNG) if kind == ".png" else kind == ".svg" and b"<svg" in body[:2000]


def languages_of(agency: Agency, language: str) -> Sequence[str]:
    """The language to show the legal texts in, best first: the wanted one, else any there is."""
    return sorted(agency.legal, key=lambda one: (one != language, one))
