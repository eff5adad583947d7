"""The object a plugin's entry point names, and the numbers that say whether it fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fhir_facade.contracts.claims import Change, ClaimsSource, Rejected
from fhir_facade.contracts.identity import AccountStore, IdentityProvider
from fhir_facade.contracts.upstream import ResourceSource

CLAIMS_CONTRACT = 1
"""Version of ``contracts.claims`` and ``contracts.records``; a plugin with another number is refused at start."""

IDENTITY_CONTRACT = 1
"""Version of ``contracts.identity``; a plugin with another number is refused at start."""

CLAIMS_GROUP = "fhir_facade.claims"
IDENTITY_GROUP = "fhir_facade.identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceContext:
    """What the facade gives a claims source when it opens it.

    ``name`` is the source's short name from the config; ``scratch`` is a folder the source may fill with temporary
    files of its own (it exists, is private to the source, and may be emptied between runs).
    """

    name: str
    scratch: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityContext:
    """What the facade gives an identity provider when it opens it.

    ``accounts`` is filled for providers that keep accounts in the facade; ``production`` is true where a sandbox
    log-in must refuse to open; ``public_base`` is the absolute URL of the facade's root, without a final slash.
    """

    accounts: AccountStore | None
    production: bool
    public_base: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsPlugin:
    """What an entry point in ``fhir_facade.claims`` names.

    Args:
        name: the adapter's name, equal to the entry point's.
        contract: ``CLAIMS_CONTRACT`` of the facade it was written for.
        settings: a frozen dataclass; each field has a type the settings reader knows and a help text.
        open: makes the source from its settings; raises ``ConfigError`` or ``ClaimsUnavailable``.
        summary: one sentence for ``fhir-facade plugins``.
        invented: its members are invented, and the source names those who may be logged in as (``HasNamedMembers``).
        write: writes what an extract source tells as files of the plugin's own format into a folder, by options of the
            format, and returns how many claims; for formats of which a payer wants to try a whole folder.
        layouts: what it reads, for the mapping spreadsheet, before it is opened: name of a layout → file or table →
            source field → record fields, as in ``Capabilities.fields``; ``resource:Patient`` is a resource passed on. A
            layout without tables hands over records that it makes itself.
        load: puts a folder of files into the database that the settings name, dropping what is there where told to, and
            returns the rows of each table and what could not be loaded; for sources that read a database.
    """

    name: str
    contract: int
    settings: type[Any]
    open: Callable[[Any, SourceContext], ClaimsSource | ResourceSource]
    summary: str
    invented: bool = False
    write: Callable[[Iterable[Change], Path, Mapping[str, str]], int] | None = None
    layouts: Callable[[], Mapping[str, Mapping[str, Mapping[str, str]]]] | None = None
    load: Callable[[Path, Any, bool], tuple[Mapping[str, int], tuple[Rejected, ...]]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityPlugin:
    """What an entry point in ``fhir_facade.identity`` names; fields as in ``ClaimsPlugin``."""

    name: str
    contract: int
    settings: type[Any]
    open: Callable[[Any, IdentityContext], IdentityProvider]
    summary: str
