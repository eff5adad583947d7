"""Letters: written down with the change they tell of, then carried by a mail server or into a folder.

A mail server that is down loses no letter and stops no change: the letter waits in the store, and every later letter,
or ``fhir-facade mail``, tries again.
"""

from __future__ import annotations

import json
import logging
import smtplib
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid
from pathlib import Path
from typing import Protocol

from fhir_facade.contracts.sections import MailSettings
from fhir_facade.login.keys import LoginKeys
from fhir_facade.store import Connection, Store
from fhir_facade.store.engine import Clock
from fhir_facade.store.letters import Letters, write_letter
from fhir_facade.store.secrets import new_id

AT_ONCE = 20
TIMEOUT_S = 15

_LOG = logging.getLogger(__name__)

Compose = Callable[[str, str, Mapping[str, str]], tuple[str, str]]
"""(kind, language, facts) → subject and text."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter in plain text."""

    to: str
    subject: str
    text: str


class Carrier(Protocol):
    """What brings letters away. ``quick`` says that it never waits for another machine."""

    quick: bool

    def send(self, letter: Letter) -> None:
        """Send it.

        Raises:
            OSError: it could not be sent (``smtplib``'s errors are of this kind).
        """
        ...


class FolderCarrier:
    """Writes letters as ``.eml`` files: the sandbox's mail.

    Args:
        folder: made where it is not there.
        sender: the From address.
    """

    quick = True

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    def send(self, letter: Letter) -> None:
        """Write the file, whole or not at all."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        message = message_of(letter, self._sender, encoding="8bit")  # people read the file as it is, its links too
        draft = self._folder / f".{new_id()}"
        draft.write_bytes(bytes(message))
        draft.rename(self._folder / f"{message['X-Written']}-{new_id(8)}.eml")


class SmtpCarrier:
    """Hands letters to a mail server.

    Args:
        settings: its address and how to log in.
    """

    quick = False

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    def send(self, letter: Letter) -> None:
        """Send it over an encrypted connection, unless the settings say otherwise."""
        wanted = self._settings
        context = ssl.create_default_context()
        if wanted.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(wanted.host, wanted.port, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(wanted.host, wanted.port, timeout=TIMEOUT_S)
        with server:
            if wanted.security == "starttls":
                server.starttls(context=context)
            if wanted.user and wanted.password:
                server.login(wanted.user, wanted.password.reveal())
            server.send_message(message_of(letter, wanted.sender))


def message_of(letter: Letter, sender: str, encoding: str | None = None) -> EmailMessage:
    """The letter as RFC 5322 wants it; the library refuses line breaks in headers.

    Args:
        letter: what is written to whom.
        sender: the From address.
        encoding: how the text is carried; None leaves that to the library.
    """
    message, now = EmailMessage(), localtime()
    message["From"], message["To"], message["Subject"] = sender, letter.to, letter.subject
    message["Date"], message["Message-ID"] = format_datetime(now), make_msgid(domain=sender.rpartition("@")[2] or None)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Written"] = f"{now:%Y%m%dT%H%M%S.%f}"
    message.set_content(letter.text, cte=encoding)
    return message


class Mailroom:
    """Writes letters and has them carried.

    Args:
        store: where they wait.
        keys: seals them there.
        compose: words them.
        carrier: brings them away.
        clock: seconds since 1970.
        at_once: whether letters are carried before a step returns: with a command everything ends that it began.
    """

    def __init__(
        self,
        store: Store,
        keys: LoginKeys,
        compose: Compose,
        carrier: Carrier,
        clock: Clock,
        *,
        at_once: bool = False,
    ) -> None:
        self._store = store
        self._letters = Letters(store)
        self._keys = keys
        self._compose = compose
        self._carrier = carrier
        self._clock = clock
        self._at_once = at_once

    def write(self, connection: Connection, to: str, kind: str, language: str, facts: Mapping[str, str]) -> None:
        """Keep a letter in the transaction of what it tells of."""
        subject, text = self._compose(kind, language, facts)
        sealed = self._keys.seal(json.dumps(asdict(Letter(to, subject, text))), "letter")
        write_letter(connection, sealed, self._clock())

    def post(self, to: str, kind: str, language: str, facts: Mapping[str, str]) -> None:
        """Keep a letter by itself and have it carried."""
        with self._store.write() as connection:
            self.write(connection, to, kind, language, facts)
        self.deliver_soon()

    def deliver_soon(self) -> None:
        """Have what waits carried, without making a visitor wait for a mail server."""
        if self._carrier.quick or self._at_once:
            self.deliver()
        else:
            threading.Thread(target=self.deliver, daemon=True).start()

    def deliver(self) -> int:
        """Carry what waits; how many letters went."""
        gone, taken = 0, self._letters.take(self._clock(), AT_ONCE)
        for place, (letter_id, sealed) in enumerate(taken):
            text = self._keys.unseal(sealed, "letter")
            if text is None:
                _LOG.error("letter %s was sealed under another key and stays", letter_id)
                continue
            try:
                self._carrier.send(Letter(**json.loads(text)))
            except (smtplib.SMTPException, ValueError) as error:  # this letter; others may go
                _LOG.warning("a letter was refused and waits (%s)", type(error).__name__)
                continue
            except OSError as error:
                _LOG.warning("the mail server does not answer; letters wait (%s)", type(error).__name__)
                self._letters.put_back([waiting for waiting, _ in taken[place:]])
                return gone
            self._letters.sent(letter_id)
            gone += 1
        return gone
