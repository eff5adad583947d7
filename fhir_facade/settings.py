"""A config file → frozen settings. Everything wrong with the file is reported in one error."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar

from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.evidence import combination_fault
from fhir_facade.contracts.sections import (
    AgencySettings,
    DatabaseSettings,
    FhirSettings,
    IdentitySettings,
    KeySettings,
    LimitSettings,
    LoginSettings,
    MailSettings,
    OAuthSettings,
    RegistrySettings,
    SensitiveSettings,
    ServerSettings,
    Settings,
    SourceSettings,
    StaffSettings,
    SyncSettings,
)
from fhir_facade.contracts.settings import Reader

CONFIG_VARIABLE = "FHIR_FACADE_CONFIG"
STATE_VARIABLE = "FHIR_FACADE_STATE"

SECTIONS: dict[str, type[Any]] = {
    "server": ServerSettings,
    "fhir": FhirSettings,
    "store": DatabaseSettings,
    "replica": DatabaseSettings,
    "keys": KeySettings,
    "oauth": OAuthSettings,
    "login": LoginSettings,
    "limits": LimitSettings,
    "agency": AgencySettings,
    "sensitive": SensitiveSettings,
    "mail": MailSettings,
    "registry": RegistrySettings,
    "sync": SyncSettings,
    "staff": StaffSettings,
}
"""Table of the file → its settings class. ``[[claims]]`` and ``[identity]`` choose plugins and are read apart."""

CATEGORIES = {"personal", "coverage", "claims", "sharing"}
"""What a member ticks on the consent page."""

_SHORT_NAME = re.compile(r"[a-z][a-z0-9]{0,15}")

S = TypeVar("S")


def load(path: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of a config file.

    Args:
        path: the TOML file; relative paths in it are taken from its folder.
        environment: where secrets and overrides are looked up; the process's own by default.

    Raises:
        ConfigError: with every fault of the file, each naming its key and what to do.
    """
    reader = Reader(path.resolve().parent, dict(os.environ if environment is None else environment))
    return read(parse(path), path, reader)


def parse(path: Path) -> dict[str, Any]:
    """The file's tables.

    Raises:
        ConfigError: the file cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read ({type(error).__name__}); check the path"]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: not valid TOML: {error}"]) from error


def read(document: Mapping[str, Any], path: Path, reader: Reader) -> Settings:
    """The settings of parsed tables.

    Raises:
        ConfigError: with every fault.
    """
    for key in document.keys() - SECTIONS.keys() - {"claims", "identity"}:
        reader.faults.append(f"{key}: unknown table; known tables are {', '.join(sorted(SECTIONS))}, claims, identity")
    staff, staff_options = _staff(document.get("staff", {}))
    tables = {**document, "staff": staff}
    sections: dict[str, Any] = {name: _section(reader, cls, tables, name) for name, cls in SECTIONS.items()}
    claims = _claims(document.get("claims"), reader)
    identity = _identity(document.get("identity"), reader)
    if not reader.faults:
        settings = Settings(
            path=path.resolve(), claims=claims, identity=identity, staff_options=staff_options, **sections
        )
        reader.faults.extend(conflicts(settings))
    if reader.faults:
        raise ConfigError([f"{path.name}: {fault}" for fault in reader.faults])
    return with_state(settings, reader)


def _staff(table: Any) -> tuple[Any, dict[str, Any]]:
    """The table ``[staff]`` without those of plugins, and the chosen plugin's own; the others wait to be chosen."""
    if not isinstance(table, Mapping):
        return table, {}
    plugins = {name: value for name, value in table.items() if isinstance(value, Mapping) and name != "groups"}
    chosen = plugins.get(str(table.get("identity")), {})
    return {name: value for name, value in table.items() if name not in plugins}, dict(chosen)


def _section(reader: Reader, cls: type[S], document: Mapping[str, Any], name: str) -> S | None:
    table = document.get(name, {})
    if not isinstance(table, Mapping):
        reader.faults.append(f"{name}: must be a table")
        return None
    return reader.read(cls, table, name)


def _claims(raw: Any, reader: Reader) -> tuple[SourceSettings, ...]:
    if not isinstance(raw, list) or not raw:
        reader.faults.append("claims: missing; name at least one source with [[claims]], its name and adapter")
        return ()
    sources = tuple(source for index, table in enumerate(raw) if (source := _source(table, index, reader)))
    names = [source.name for source in sources]
    for name in sorted({name for name in names if names.count(name) > 1}):
        reader.faults.append(f"claims: two sources are named {name}; each needs a name of its own")
    return sources


def _source(table: Any, index: int, reader: Reader) -> SourceSettings | None:
    where = f"claims[{index}]"
    if not isinstance(table, Mapping):
        reader.faults.append(f"{where}: must be a table")
        return None
    name: Any = table.get("name")
    adapter: Any = table.get("adapter")
    mode: Any = table.get("mode", "replica")
    options = table.get(adapter, {}) if isinstance(adapter, str) else {}
    faults = [
        (isinstance(name, str) and bool(_SHORT_NAME.fullmatch(name)), f"{where}.name: a short name of a–z and 0–9"),
        (isinstance(adapter, str), f"{where}.adapter: name of an installed adapter (see `fhir-facade plugins`)"),
        (mode in ("replica", "live"), f"{where}.mode: must be replica or live"),
        (isinstance(options, Mapping), f"{where}.{adapter}: must be a table"),
        (isinstance(table.get("schedule", ""), str), f'{where}.schedule: must be text such as "daily at 02:00"'),
    ]
    problems = [text for ok, text in faults if not ok]
    problems += [
        f"{where}.{key}: unknown key; the adapter's own settings stand in [claims.{adapter}]"
        for key in table.keys() - {"name", "adapter", "mode", "schedule", "drop", adapter}
    ]
    reader.faults.extend(problems)
    drop = reader.convert(table["drop"], Path, f"{where}.drop") if "drop" in table else None
    if problems:
        return None
    own = {"schedule": table.get("schedule"), "drop": drop}
    return SourceSettings(name=name, adapter=adapter, mode=mode, options=dict(options), **own)


def _identity(raw: Any, reader: Reader) -> IdentitySettings:
    table = raw if isinstance(raw, Mapping) else {}
    chosen = table.get("provider", table.get("providers"))
    providers = tuple([chosen] if isinstance(chosen, str) else chosen if isinstance(chosen, list) else ())
    if not providers or not all(isinstance(name, str) for name in providers):
        reader.faults.append('identity.provider: missing; name a log-in plugin (`provider = "oidc"`), or `providers`')
        return IdentitySettings(providers=(), options={})
    unknown = [key for key in table if key not in {"provider", "providers", "crosswalk", *providers}]
    reader.faults.extend(
        f"identity.{key}: unknown key; [identity.{key}] is read only when {key} is a provider"
        for key in unknown
        if not isinstance(table[key], Mapping)
    )
    if not isinstance(table.get("crosswalk", ""), str):
        reader.faults.append("identity.crosswalk: must be the kind of a match key that every source carries")
    options = {name: dict(table.get(name, {})) for name in providers}
    return IdentitySettings(providers=providers, options=options, crosswalk=table.get("crosswalk"))


def conflicts(settings: Settings) -> list[str]:
    """Settings that are each right but do not go together."""
    production = settings.server.environment == "production"
    rules = [
        (settings.server.public_base.endswith("/"), "server.public_base: must not end with a slash"),
        (
            production and not settings.server.public_base.startswith("https://"),
            "server.public_base: production needs https://",
        ),
        (production and settings.keys.identifiers is None, "keys.identifiers: missing; production needs a secret"),
        (production and settings.keys.cursors is None, "keys.cursors: missing; production needs a secret"),
        (
            production and "sandbox" in settings.identity.providers,
            "identity.provider: the sandbox log-in is for invented members; production refuses it",
        ),
        (
            settings.mail.security == "none" and settings.mail.host not in {"", "localhost", "127.0.0.1", "::1"},
            "mail.security: none is for a mail server on this machine only; use starttls or tls",
        ),
        (
            settings.identity.crosswalk is not None and any(source.mode == "live" for source in settings.claims),
            "identity.crosswalk: works for sources served from their copy; a live source knows its own ids alone",
        ),
        (not 1 <= settings.fhir.page_size <= 100, "fhir.page_size: must be 1–100"),
        (not 0 <= settings.replica.partitions <= 1024, "replica.partitions: must be 0 (none) to 1024"),
        (
            bool(settings.store.partitions or settings.store.replicas),
            "store: partitions and replicas are of [replica]; the store is never read from a standby",
        ),
        (not 60 <= settings.oauth.access_token_s <= 3600, "oauth.access_token_s: must be 60–3600"),
        (not 10 <= settings.oauth.code_s <= 600, "oauth.code_s: must be 10–600"),
        (
            settings.staff.identity in {"sandbox", "ldap"},
            "staff.identity: a password is no second factor; use local, or a log-in such as oidc or saml",
        ),
        (
            not set(settings.staff.groups.values()) <= {"reviewer", "operator", "auditor"},
            "staff.groups: each group has the role reviewer, operator or auditor",
        ),
        (
            not set(settings.login.minimum_ial_for) <= CATEGORIES,
            f"login.minimum_ial_for: the categories of the consent page are {', '.join(sorted(CATEGORIES))}",
        ),
        (
            not set(settings.login.minimum_ial_for.values()) <= {0, 1, 2, 3},
            "login.minimum_ial_for: an identity assurance level is 0, 1, 2 or 3",
        ),
        (settings.login.reverify_days < 0, "login.reverify_days: must be 0 (never) or more days"),
    ]
    return [text for broken, text in rules if broken] + _faults_of_entries(settings)


def _faults_of_entries(settings: Settings) -> list[str]:
    matches = (combination_fault(kinds) for kinds in settings.login.match)
    proxies = [one for one in settings.server.trusted_proxies if not _is_network(one)]
    return [f"login.match: {fault}" for fault in matches if fault] + [
        f"server.trusted_proxies: {one} is no address and no network such as 10.0.0.0/24" for one in proxies
    ]


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def with_state(settings: Settings, reader: Reader) -> Settings:
    """The settings with the state folder that the environment names, or the file's."""
    named = reader.environment.get(STATE_VARIABLE)
    state = Path(named).expanduser().resolve() if named else settings.server.state
    if not named and state == Path("var"):
        state = Path.cwd() / "var"
    return replace(settings, server=replace(settings.server, state=state))
