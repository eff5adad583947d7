"""The sections of the config file, as frozen settings classes. Every key is documented by its help text."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fhir_facade.contracts.settings import Secret, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """``[server]``: where the facade is reached and how strict it is."""

    public_base: str = setting(
        "Absolute URL under which people reach the facade, without a final slash; every link is built from it",
        default="http://localhost:8000",
        example="https://claims.example.gov",
    )
    environment: Literal["sandbox", "production"] = setting(
        "production refuses the sandbox log-in, plain http and generated keys", default="production"
    )
    state: Path = setting(
        "Folder for what the facade writes itself (SQLite files, keys in the sandbox); FHIR_FACADE_STATE wins over it",
        default=Path("var"),
    )
    trusted_proxies: tuple[str, ...] = setting(
        "Addresses and networks (10.0.0.0/24) of reverse proxies whose X-Forwarded-For is believed", default=()
    )
    allowed_origins: tuple[str, ...] = setting(
        "Origins of browser apps that may call the FHIR endpoints besides those of registered apps", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirSettings:
    """``[fhir]``: the shape of what is published."""

    carin: Literal["2.0.0", "2.1.0", "2.2.0"] = setting("Version of the CARIN Blue Button guide", default="2.2.0")
    pin_coding_versions: bool = setting("Write coding.version where the published 2.2.0 package pins it", default=False)
    page_size: int = setting("Matches per page where the app does not say (1–100)", default=10)
    unknown_parameters: Literal["lenient", "strict"] = setting(
        "What happens to unknown search parameters where the app sends no Prefer: handling", default="lenient"
    )
    partial: Literal["refuse", "warn"] = setting(
        "With several sources: refuse (503) when one is down, or answer with the rest and a warning", default="refuse"
    )
    source_timeout_s: int = setting("Seconds a live source may take before the answer is 503", default=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """``[store]`` and ``[replica]``: one database each."""

    url: Secret | None = setting(
        "SQLAlchemy URL by reference, { env = … } or { file = … }; without it a SQLite file in the state folder",
        default=None,
    )
    partitions: int = setting("PostgreSQL replica: number of hash partitions by member, 0 for none (0–1024)", default=0)
    replicas: tuple[Secret, ...] = setting(
        "PostgreSQL replica: URLs of hot standbys that reads are spread over", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """``[keys]``: secrets of the facade itself. In the sandbox they are generated in the state folder."""

    signing: Path | None = setting("Folder of the keys that sign id_tokens; made by `fhir-facade keys`", default=None)
    identifiers: Secret | None = setting(
        "Secret for the keyed hash of member identifiers, 32 random bytes or more as hex or base64", default=None
    )
    identifiers_before: tuple[Secret, ...] = setting(
        "Secrets that `identifiers` replaced, newest first; look-ups try them too, the last stays for the audit",
        default=(),
    )
    cursors: Secret | None = setting(
        "Secret that signs page cursors and form tokens, 32 random bytes or more", default=None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthSettings:
    """``[oauth]``: lifetimes and defaults of the authorization server."""

    access_token_s: int = setting("Seconds an access token lives (60–3600)", default=3600)
    code_s: int = setting("Seconds an authorization code lives (10–600)", default=60)
    refresh_grace_s: int = setting(
        "Seconds in which a rotated refresh token gives the same successor again", default=10
    )
    minimum_ial: int = setting("Least identity assurance level for any grant, 0–3 (NIST 800-63A)", default=0)
    minimum_aal: int = setting("Least authenticator assurance level for any grant, 0–3", default=0)
    sensitive_minimum_ial: int = setting("Least identity assurance level to share substance-use information", default=0)
    parents_until: int = setting("Age of a member from which a parent may act for them no longer", default=18)
    minors_decide_from: int = setting(
        "Age from which only the minor, no representative, can have substance-use information shared", default=12
    )
    compatibility_mounts: bool = setting("Serve /v1, /v2 and /v3 for CMS's Blue Button client libraries", default=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSettings:
    """``[login]``: how a person who logged in is matched to exactly one member, and for how long that holds."""

    match: tuple[tuple[str, ...], ...] = setting(
        "Combinations of evidence that may find a member where the log-in brings no unique identifier, best first; "
        "a name alone is refused, and exactly one member must fit",
        default=(),
        example='[["birth-date", "family", "ssn-last4"]]',
    )
    minimum_ial_for: dict[str, int] = setting(
        "Least identity assurance level to share a category of the consent page: personal, coverage, claims, sharing",
        default={},
        example="{ claims = 2 }",
    )
    reverify_days: int = setting(
        "Days after which a log-in must prove again which member it belongs to, before apps may refresh; 0 for never",
        default=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """``[limits]``: how much one app, token or address may ask."""

    storage: Secret | None = setting(
        "Redis URL that several machines share, by reference; without it one machine's workers count together",
        default=None,
    )
    per_token: str = setting("FHIR requests of one access token", default="600 per minute")
    per_app: str = setting("FHIR requests of one app", default="60000 per minute")
    per_address: str = setting(
        "Requests of one address to token, log-in and registration endpoints", default="120 per minute"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitiveSettings:
    """``[sensitive]``: which claims are sensitive, by dated lists of codes."""

    version: str = setting("Version of the shipped list of substance-use codes (42 CFR Part 2)", default="2025-01")
    lists: tuple[Path, ...] = setting(
        "Further lists: CPT codes, which may not be shipped, and other labels; see docs/sensitive.md", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalSettings:
    """``[agency.legal]``: legal texts of the agency as Markdown files, linked from every page."""

    en: Path | None = setting("File in English", default=None)
    es: Path | None = setting("File in Spanish", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencySettings:
    """``[agency]``: who publishes this API, as pages and metadata say it."""

    name: str = setting("Name of the payer or agency", default="Example Health Plan")
    contact: str = setting("E-mail address or URL for app developers and members", default="support@example.org")
    privacy_url: str = setting("URL of the agency's privacy notice", default="")
    terms_url: str = setting("URL of the agency's terms for developers, named where they sign up", default="")
    logo: Path | None = setting("SVG or PNG file for the top of every page, at most 60 kB", default=None)
    colour: str = setting(
        "Colour of links and buttons, #rrggbb, dark enough to read (4.5:1 against pale grey)", default="#005ea2"
    )
    legal: LegalSettings = setting("Legal texts on a page of their own", default=LegalSettings())


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """``[mail]``: how letters to developers leave; without a server a sandbox keeps them in ``outbox/``."""

    host: str = setting("Mail server; without it production takes no sign-ups", default="")
    port: int = setting("Port of the mail server", default=587)
    security: Literal["starttls", "tls", "none"] = setting(
        "How the connection is encrypted; none only for a server on this machine", default="starttls"
    )
    user: str = setting("User name at the mail server", default="")
    password: Secret | None = setting("Password at the mail server", default=None)
    sender: str = setting("From address of letters", default="no-reply@localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySettings:
    """``[registry]``: who may sign up, and why a request for production may be denied."""

    sign_up: bool = setting("Whether developers may make accounts by themselves", default=True)
    denial_reasons: tuple[str, ...] = setting(
        "The objective reasons for which a request may be denied; every denial names one of them",
        default=(
            "The makers of the app could not be identified.",
            "A redirect address is not under the control of the makers of the app.",
            "The app presents an unacceptable risk to the security of health information in our systems.",
            "Questions about the request were not answered within 30 days.",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffSettings:
    """``[staff]``: how reviewers, operators and auditors log in; their plugin's table is ``[staff.<identity>]``."""

    identity: str = setting(
        "local for accounts with a password and an authenticator app, or a log-in plugin of the staff's own, such as "
        "oidc; its log-ins must reach AAL 2",
        default="local",
    )
    groups: dict[str, str] = setting(
        'Groups at the staff\'s log-in system and the role of each: group = "reviewer", "operator" or "auditor", the '
        "first that fits; without it roles are given by `fhir-facade staff add`",
        default={},
        example='{ "claims-api-operators" = "operator" }',
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkSettings:
    """``[sync.spark]``: where ``fhir-facade sync --engine spark`` runs."""

    master: str = setting("Where Spark runs: local[2], spark://…, yarn, k8s://…", default="local[*]")
    conf: dict[str, str] = setting("Spark properties", default={}, example='{ "spark.executor.memory" = "4g" }')
    folder: Path | None = setting(
        "Folder that every machine of the cluster sees, for a source's temporary files and rows that wait to be "
        "written; the state folder where absent",
        default=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncSettings:
    """``[sync]``: how copies are filled."""

    spark: SparkSettings = setting("Apache Spark, for `sync --engine spark`", default=SparkSettings())


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """One ``[[claims]]`` entry. ``options`` is the adapter's own table, read by the adapter's settings class.

    ``schedule`` says when ``fhir-facade schedule`` syncs the source; ``drop`` is the folder its files arrive in.
    """

    name: str
    adapter: str
    mode: Literal["replica", "live"]
    options: dict[str, Any]
    schedule: str | None = None
    drop: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySettings:
    """``[identity]``: ``providers`` in the order the member sees them; ``options`` by provider name."""

    providers: tuple[str, ...]
    options: dict[str, dict[str, Any]]
    crosswalk: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A whole config file; ``staff_options`` are those of the staff's log-in plugin."""

    path: Path
    server: ServerSettings
    fhir: FhirSettings
    store: DatabaseSettings
    replica: DatabaseSettings
    keys: KeySettings
    oauth: OAuthSettings
    login: LoginSettings
    limits: LimitSettings
    agency: AgencySettings
    sensitive: SensitiveSettings
    mail: MailSettings
    registry: RegistrySettings
    staff: StaffSettings
    sync: SyncSettings
    claims: tuple[SourceSettings, ...]
    identity: IdentitySettings
    staff_options: dict[str, Any] = field(default_factory=dict)
