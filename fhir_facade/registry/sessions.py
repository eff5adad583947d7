"""Sessions of accounts: who is there, what the next page shows once, and which form was sent already."""

from __future__ import annotations

from fhir_facade.login.keys import LoginKeys, hashed
from fhir_facade.registry.accounts import Accounts
from fhir_facade.registry.people import Signed
from fhir_facade.store.developers import Developers
from fhir_facade.store.engine import Clock


class Sessions:
    """Sessions of accounts.

    Args:
        developers: the tables.
        accounts: whose they are.
        keys: seals notes.
        clock: seconds since 1970.
    """

    def __init__(self, developers: Developers, accounts: Accounts, keys: LoginKeys, clock: Clock) -> None:
        self._developers = developers
        self._accounts = accounts
        self._keys = keys
        self._clock = clock

    def signed(self, token: str) -> Signed | None:
        """The session of a cookie's token."""
        session = self._developers.session(hashed(token), self._clock()) if token else None
        account = self._accounts.find(session.account_id) if session else None
        if session is None or account is None:
            return None
        return Signed(account=account, proven=session.second_factor, session=session.session_hash)

    def log_out(self, signed: Signed) -> None:
        """End the session."""
        self._developers.end_session(signed.session)

    def spend_form(self, form: str) -> bool:
        """True for the first of several sendings of one form."""
        return self._developers.spend_form(hashed(form), self._clock())

    def leave_note(self, signed: Signed, text: str) -> None:
        """Keep a text for the next page, which shows it once."""
        self._developers.note(signed.session, self._keys.seal(text, "note"))

    def take_note(self, signed: Signed) -> str | None:
        """The text that was kept; it is gone afterwards."""
        row = self._developers.session(signed.session, self._clock())
        if row is None or row.note is None:
            return None
        self._developers.note(signed.session, None)
        return self._keys.unseal(row.note, "note")
