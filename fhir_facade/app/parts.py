"""Everything a config names, opened once: sources of resources, log-ins, the authorization server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fhir_facade.app.accounts import local_accounts
from fhir_facade.app.databases import audit_log, store_url
from fhir_facade.app.disclosures import disclosures_of
from fhir_facade.app.people import SandboxPeople, is_member
from fhir_facade.app.sources import resources_of, scratch_of
from fhir_facade.app.trail import Trail
from fhir_facade.contracts.claims import HasNamedMembers, NamedMember
from fhir_facade.contracts.identity import AccountStore, IdentityProvider
from fhir_facade.contracts.plugin import CLAIMS_GROUP, IdentityContext
from fhir_facade.contracts.sections import Settings
from fhir_facade.login.sandbox_accounts import SandboxAccounts
from fhir_facade.oauth.jwks import KeySets
from fhir_facade.oauth.keys import SigningKeys, read_records, rotate
from fhir_facade.oauth.server import AuthorizationServer, system_clock
from fhir_facade.plugins import find, open_provider, open_source
from fhir_facade.resources.disclosures import WithDisclosures
from fhir_facade.resources.page import Resources
from fhir_facade.state import cursor_key, identifier_key, signing_folder
from fhir_facade.store import Store
from fhir_facade.store.tallies import Tally
from fhir_facade.web.login_people import ResourcePeople


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the application is made of.

    ``providers`` are the log-ins by name in the order members see them; ``named`` a sandbox's members with a story.
    """

    settings: Settings
    store: Store
    resources: Resources
    server: AuthorizationServer
    people: ResourcePeople
    providers: dict[str, IdentityProvider]
    named: Sequence[NamedMember]
    secret: bytes
    trail: Trail
    tally: Tally

    @property
    def sandbox(self) -> bool:
        """Every member is invented, or only looked at by the agency itself."""
        return self.settings.server.environment == "sandbox"


def open_parts(settings: Settings) -> Parts:
    """Open everything.

    Raises:
        ConfigError: something the config names cannot be used.
    """
    sandbox = settings.server.environment == "sandbox"
    resources = resources_of(settings)
    named = named_members(settings) if sandbox else ()
    accounts = SandboxAccounts(named, identifier_key(settings), lambda patient: is_member(resources, patient))
    store, log = Store(store_url(settings)), audit_log(settings)
    tally = Tally(store)
    trail = Trail(log, tally)
    return Parts(
        settings=settings,
        store=store,
        resources=WithDisclosures(resources, disclosures_of(log, store), settings.agency.name),
        server=authorization_server(settings, store, trail),
        trail=trail,
        tally=tally,
        people=(SandboxPeople if sandbox else ResourcePeople)(resources, settings.oauth.parents_until),
        providers=providers_of(
            settings, {"sandbox": accounts if sandbox else None, "local": local_accounts(settings, store)}
        ),
        named=named,
        secret=cursor_key(settings),
    )


def named_members(settings: Settings) -> Sequence[NamedMember]:
    """Members with a story, of every source whose members are invented."""
    found: list[NamedMember] = []
    for entry in settings.claims:
        if find(CLAIMS_GROUP, entry.adapter).invented:
            source = open_source(entry, settings.path.parent, scratch_of(settings, entry))
            if isinstance(source, HasNamedMembers):
                found.extend(source.named_members())
            source.close()
    return found


def providers_of(settings: Settings, accounts: Mapping[str, AccountStore | None]) -> dict[str, IdentityProvider]:
    """The log-ins, opened, in the order members see them; each with its own accounts, where it keeps any here."""

    def context(name: str) -> IdentityContext:
        production = settings.server.environment == "production"
        return IdentityContext(
            accounts=accounts.get(name), production=production, public_base=settings.server.public_base
        )

    return {
        name: open_provider(name, settings.identity.options[name], settings.path.parent, context(name))
        for name in settings.identity.providers
    }


def authorization_server(settings: Settings, store: Store, trail: Trail) -> AuthorizationServer:
    """The authorization server; a sandbox makes its first signing key itself."""
    folder = signing_folder(settings)
    sandbox = settings.server.environment == "sandbox"
    if sandbox and not (folder.is_dir() and read_records(folder)):
        rotate(folder, system_clock())
    return AuthorizationServer(
        store=store,
        base=settings.server.public_base,
        environment=settings.server.environment,
        settings=settings.oauth,
        keys=SigningKeys(folder),
        secret=cursor_key(settings),
        key_sets=KeySets(local_allowed=sandbox),
        record=trail.event,
        reverify_days=settings.login.reverify_days,
    )
