"""What an identity plugin is: it verifies a person with a log-in system the payer already has.

The facade owns everything security hangs on: the attempt, its state, nonce and PKCE verifier, the callback URL, the
single use of the attempt, the minimum assurance, the matching to a member, and every page. A plugin can skip none of
it, and holds no HTML and no web framework.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One log-in attempt, as the facade hands it to the plugin.

    ``state``, ``nonce`` and ``code_verifier`` are fresh random values of 256 bits that the facade remembers and takes
    back once; ``callback_url`` is absolute. ``language`` is a BCP 47 tag (``en``, ``es``). ``memory`` is what the
    plugin's ``begin`` asked the facade to keep for ``finish`` (empty in ``begin``).
    """

    attempt_id: str
    state: str
    nonce: str
    code_verifier: str
    callback_url: str
    language: str = "en"
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    memory: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: the parameters of the callback or of the form the facade showed, as single values."""

    parameters: Mapping[str, str]
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    client_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectTo:
    """Send the browser to the log-in system; ``memory`` is kept by the facade for ``finish``, never sent out."""

    url: str
    memory: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostTo:
    """Send the browser to the log-in system by an auto-submitting form (SAML HTTP-POST binding)."""

    url: str
    fields: Mapping[str, str]
    memory: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the form the facade shows. ``label`` is English text or a message key the facade can translate."""

    name: str
    label: str
    secret: bool = False
    autocomplete: str = "off"
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AskFor:
    """Ask the person for these fields on the facade's own page.

    ``hint`` is one sentence shown above them; ``values`` fill its ``{places}``, so that the facade can translate it.
    """

    fields: Sequence[Field]
    hint: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    memory: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPasskey:
    """Ask the browser for a passkey.

    ``options`` is WebAuthn's options as JSON text: request options to use a passkey, creation options (with ``rp`` and
    ``user``) to make one. The answer is the parameter ``credential``: the browser's credential as JSON.
    """

    options: str
    memory: Mapping[str, str] = field(default_factory=dict)


Begin = RedirectTo | PostTo | AskFor | AskPasskey


@dataclass(frozen=True, slots=True, kw_only=True)
class Assurance:
    """How sure the log-in system is: identity (IAL 0–3, NIST 800-63A), authenticator (AAL 0–3), and its raw ``acr``.

    0 means unknown: an unknown level satisfies no minimum above 0.
    """

    ial: int = 0
    aal: int = 0
    acr: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedIdentity:
    """A person whom the log-in system vouches for.

    ``issuer`` and ``subject`` name the account for ever; ``nonce`` is the attempt's own, given back; ``evidence`` maps
    the kind of a unique identifier (``medicaid-id``, ``mbi``, ``member-number`` …) or of a demographic value
    (``birth-date``, ``family``, ``given``, ``postal-code``) to its value. Names alone never match anybody.
    ``proofing`` says in words how and by whom the identity was proofed, for the audit line. ``groups`` are those that
    the person belongs to at the log-in system, where it was asked for them: they give staff their roles.
    """

    issuer: str
    subject: str
    nonce: str
    authenticated_at: datetime
    assurance: Assurance
    evidence: Mapping[str, str]
    proofing: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account of a log-in the facade keeps itself (``sandbox``, ``local``).

    ``password_hash`` is an argon2id string; ``evidence`` is as in ``VerifiedIdentity``; ``story`` is one sentence about
    a test member, empty for real people.
    """

    username: str
    password_hash: str
    subject: str
    evidence: Mapping[str, str]
    story: str = ""


class AccountStore(Protocol):
    """Where accounts live: implemented by the facade, used by plugins that keep their own accounts."""

    def find(self, username: str) -> Account | None:
        """The account of that user name, compared without regard to case; None when there is none."""
        ...


class IdentityProvider(Protocol):
    """A log-in system. Opened once per process, called from several threads, keeps its own time-outs."""

    def begin(self, attempt: Attempt) -> Begin:
        """Start the log-in.

        Raises:
            IdentityUnavailable: the log-in system does not answer.
        """
        ...

    def finish(self, attempt: Attempt, answer: Answer) -> VerifiedIdentity | AskFor | AskPasskey:
        """Verify the answer; ``AskFor`` and ``AskPasskey`` ask again or for one thing more (a second factor).

        What is asked comes back with a fresh attempt, whose ``memory`` is that of this answer.

        Raises:
            LoginDenied: the person cancelled or gave wrong credentials.
            LoginRejected: the answer cannot be trusted.
            IdentityUnavailable: the log-in system does not answer.
        """
        ...

    def check(self) -> Sequence[str]:
        """Everything wrong with the set-up, each fault a sentence that says what to do; empty when all is well.

        A sentence that says *not wrong yet* is told to the operator without failing the check.
        """
        ...

    def close(self) -> None:
        """Give back what ``open`` took."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One extra address a provider needs (SP metadata, logout), mounted by the facade below ``/login/<provider>/``."""

    path: str
    content_type: str
    body: bytes


@runtime_checkable
class ReadsHeaders(Protocol):
    """Optional face of an identity provider that needs headers of the request; it sees those that it names, no others.

    Cookies and the authorization header are never handed over.
    """

    @property
    def headers(self) -> Sequence[str]:
        """Names of the headers, in any case."""
        ...


@runtime_checkable
class HasEndpoints(Protocol):
    """Optional face of an identity provider that publishes documents of its own."""

    def endpoints(self) -> Sequence[Endpoint]:
        """The documents to publish; asked once after opening."""
        ...


@runtime_checkable
class HasLogout(Protocol):
    """Optional face of an identity provider that can end the person's session at the log-in system, too."""

    def logout_url(self, back_to: str) -> str | None:
        """Where to send the browser to log out there and come back to ``back_to``; None where that is not offered.

        Raises:
            IdentityUnavailable: the log-in system does not answer.
        """
        ...
