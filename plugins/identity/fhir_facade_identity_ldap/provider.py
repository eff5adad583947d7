"""The LDAP log-in: find the person, try the password, never say which of the two was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from fhir_facade.contracts.errors import ConfigError, IdentityUnavailable, LoginDenied, LoginRejected
from fhir_facade.contracts.identity import Answer, AskFor, Assurance, Attempt, Field, VerifiedIdentity
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade.contracts.reach import tls_fault
from fhir_facade_identity_ldap.directory import Directory
from fhir_facade_identity_ldap.settings import LdapSettings

WRONG = "the user name or the password is wrong"
LONGEST = 256
NOBODY = "cn=nobody-of-that-name"
"""Bound to when the user name is unknown, so that both answers cost the directory the same."""


def open_provider(settings: LdapSettings, context: IdentityContext) -> LdapProvider:
    """The provider.

    Raises:
        ConfigError: settings that cannot work; every fault at once.
    """
    del context
    faults = settings.faults()
    if faults:
        raise ConfigError(faults)
    return LdapProvider(settings)


class LdapProvider:
    """Log-in with one directory.

    Args:
        settings: checked settings.
    """

    def __init__(self, settings: LdapSettings) -> None:
        self._settings = settings
        self._directory = Directory(settings)

    def begin(self, attempt: Attempt) -> AskFor:
        """Ask for user name and password."""
        return AskFor(
            fields=(
                Field(name="username", label="User name", autocomplete="username"),
                Field(name="password", label="Password", secret=True, autocomplete="current-password"),
            ),
            hint="Use the user name and password of your organization.",
        )

    def finish(self, attempt: Attempt, answer: Answer) -> VerifiedIdentity:
        """The person whose password this is.

        Raises:
            LoginDenied: unknown user name or wrong password.
            LoginRejected: the entry lacks the subject attribute.
            IdentityUnavailable: the directory does not answer.
        """
        username, password = answer.parameters.get("username", "").strip(), answer.parameters.get("password", "")
        if not _usable(username) or not _usable(password):
            raise LoginDenied(WRONG)
        entry = self._directory.find(username)
        dn = entry.dn if entry else f"{NOBODY},{self._settings.base}"
        if not self._directory.accepts(dn, password) or entry is None:
            raise LoginDenied(WRONG)
        subject = entry.attributes.get(self._settings.subject.lower())
        if not subject:
            raise LoginRejected(f"the directory entry has no {self._settings.subject}; set identity.ldap.subject")
        kinds = {name.lower(): kind for name, kind in self._settings.attributes.items()}
        evidence = {kinds[name]: value.strip() for name, value in entry.attributes.items() if name in kinds}
        return VerifiedIdentity(
            issuer=self._settings.url,
            subject=subject,
            nonce=attempt.nonce,
            authenticated_at=datetime.now(UTC),
            assurance=Assurance(ial=self._settings.ial, aal=self._settings.aal),
            evidence={kind: value for kind, value in evidence.items() if value},
            proofing=f"directory {self._settings.url}",
        )

    def check(self) -> Sequence[str]:
        """Look at certificate and base, and search for nobody; what is wrong, in sentences."""
        try:
            self._directory.find("nobody-of-that-name")
            return tuple(self._directory.faults())
        except IdentityUnavailable as error:
            said = tls_fault(self._settings.url, self._settings.timeout_s, self._settings.ca_file) or str(error)
            return (f"identity.ldap.url: {said}; try ldapsearch -H {self._settings.url} -b '{self._settings.base}'",)

    def close(self) -> None:
        """Nothing to give back: each question has its own connection."""


def _usable(text: str) -> bool:
    """A text that may be sent to a directory: neither empty nor endless, without NUL."""
    return 0 < len(text) <= LONGEST and "\x00" not in text
