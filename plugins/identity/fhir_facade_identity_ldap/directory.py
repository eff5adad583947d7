"""The thin door to ldap3: one search, one bind, each on a fresh connection. No other file knows the library."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

with warnings.catch_warnings():  # the library has not been changed since 2021 and imports old names
    warnings.simplefilter("ignore", DeprecationWarning)
    import ldap3
    from ldap3.core.exceptions import LDAPException, LDAPSocketOpenError
    from ldap3.utils.conv import escape_filter_chars

from fhir_facade.contracts.errors import IdentityUnavailable
from fhir_facade.contracts.reach import peer_fault
from fhir_facade_identity_ldap.settings import PLACE, LdapSettings

SUCCESS, INVALID_CREDENTIALS, NO_SUCH_OBJECT = 0, 49, 32
BUSY = {51, 52, 80}


@dataclass(frozen=True, slots=True)
class Entry:
    """One person in the directory; each attribute with its first value."""

    dn: str
    attributes: Mapping[str, str]


class Directory:
    """One LDAP directory.

    Args:
        settings: checked settings.
    """

    def __init__(self, settings: LdapSettings) -> None:
        self._settings = settings
        ca_file = str(settings.ca_file) if settings.ca_file else None
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=ca_file)
        self._server = ldap3.Server(
            settings.url, connect_timeout=settings.timeout_s, get_info=ldap3.NONE, tls=tls, allowed_referral_hosts=[]
        )

    def find(self, username: str) -> Entry | None:
        """The one person of that user name; None for nobody, and for several.

        Raises:
            IdentityUnavailable: the directory does not answer, or refuses the search.
        """
        settings = self._settings
        password = settings.bind_password.reveal() if settings.bind_password else None
        wanted = [*settings.attributes, settings.subject]
        query = settings.filter.replace(PLACE, escape_filter_chars(username))
        with self._connected(settings.bind_dn or None, password) as connection:
            if not connection.bind():
                raise IdentityUnavailable(f"the directory refused bind_dn (result {connection.result['result']})")
            connection.search(settings.base, query, attributes=wanted, size_limit=2, time_limit=settings.timeout_s)
            if connection.result["result"] not in {SUCCESS, NO_SUCH_OBJECT, 4}:
                raise IdentityUnavailable(f"the directory refused the search (result {connection.result['result']})")
            found = [one for one in connection.response or [] if one.get("type") == "searchResEntry"]
        return _entry(found[0]) if len(found) == 1 else None

    def faults(self) -> Iterator[str]:
        """What is wrong with the certificate and with the place where people are looked up.

        Raises:
            IdentityUnavailable: the directory does not answer, or refuses the search.
        """
        settings = self._settings
        password = settings.bind_password.reveal() if settings.bind_password else None
        with self._connected(settings.bind_dn or None, password) as connection:
            if isinstance(connection.socket, ssl.SSLSocket) and (fault := peer_fault(connection.socket)):
                yield f"identity.ldap.url: {fault}"
            if not connection.bind():
                raise IdentityUnavailable(f"the directory refused bind_dn (result {connection.result['result']})")
            connection.search(settings.base, "(objectClass=*)", search_scope=ldap3.BASE, attributes=["objectClass"])
            if connection.result["result"] == NO_SUCH_OBJECT:
                yield f"identity.ldap.base: there is no {settings.base}, or bind_dn may not see it; compare it"

    def accepts(self, dn: str, password: str) -> bool:
        """Whether the directory takes this password for that entry; an empty one is never sent.

        Raises:
            IdentityUnavailable: the directory does not answer.
        """
        if not password or not dn:
            return False
        with self._connected(dn, password) as connection:
            if connection.bind():
                return True
            if connection.result["result"] in BUSY:
                raise IdentityUnavailable("the directory is busy")
            return False

    @contextmanager
    def _connected(self, user: str | None, password: str | None) -> Iterator[Any]:
        connection = ldap3.Connection(
            self._server,
            user=user,
            password=password,
            read_only=True,
            auto_referrals=False,
            receive_timeout=self._settings.timeout_s,
        )
        try:
            connection.open()
            if self._settings.start_tls:
                connection.start_tls()
            yield connection
        except LDAPSocketOpenError as error:
            raise IdentityUnavailable("the directory cannot be reached, or its certificate is not trusted") from error
        except LDAPException as error:
            raise IdentityUnavailable(f"the directory does not answer ({type(error).__name__})") from error
        finally:
            connection.unbind()
            if connection.socket is not None:  # the library forgets the socket of a refused connection
                connection.socket.close()


def _entry(found: Mapping[str, Any]) -> Entry:
    values = {}
    for name, value in found["attributes"].items():
        first = value[0] if isinstance(value, list) and value else value
        if first not in (None, [], ""):
            values[name.lower()] = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    return Entry(found["dn"], values)
