"""Letters reach a mail server, wait while it is down, and are sealed meanwhile."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fhir_facade.cli.apps_review import opened
from fhir_facade.contracts.sections import MailSettings
from fhir_facade.login.keys import LoginKeys
from fhir_facade.registry.mail import FolderCarrier, Letter, Mailroom, SmtpCarrier, message_of
from fhir_facade.store import Store, migrate
from fhir_facade.store.letters import Letters
from fhir_facade.web.letters import composer

NOW = 1_790_000_000


@dataclass
class Server:
    """A mail server that keeps what it is given."""

    port: int = 0
    received: list[str] = field(default_factory=list)


class Talk(socketserver.StreamRequestHandler):
    """SMTP, as far as one letter needs it."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self.data()
            if word == b"RCPT" and b"refused@" in line:
                self.wfile.write(b"550 nobody here\r\n")
                continue
            self.wfile.write({b"EHLO": b"250 here\r\n", b"QUIT": b"221 bye\r\n"}.get(word, b"250 ok\r\n"))
            if word == b"QUIT":
                return

    def data(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        self.server.kept.received.append(b"".join(lines).decode())  # type: ignore[attr-defined]


@pytest.fixture
def server() -> Iterator[Server]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as tcp:
        kept = Server(tcp.server_address[1])
        tcp.kept = kept  # type: ignore[attr-defined]
        thread = threading.Thread(target=tcp.serve_forever)
        thread.start()
        yield kept
        tcp.shutdown()
        thread.join()


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    migrate(url)
    made = Store(url)
    yield made
    made.close()


def room(store: Store, port: int, clock) -> Mailroom:
    settings = MailSettings(host="127.0.0.1", port=port, security="none", sender="no-reply@agency.example")
    compose = composer("Example Health Plan", "support@example.org", "http://localhost")
    return Mailroom(store, LoginKeys(b"k" * 32), compose, SmtpCarrier(settings), clock)


def wait(server: Server) -> str:
    deadline = time.monotonic() + 5
    while not server.received and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.received
    return server.received[0]


def test_a_letter_reaches_the_mail_server(store: Store, server: Server) -> None:
    facts = {"app": "Añade «más»", "state": "approved", "why": "", "app_id": "x"}
    room(store, server.port, lambda: NOW).post("ada@buddy.example", "review", "es", facts)
    message = email.message_from_string(wait(server), policy=email.policy.default)
    assert (message["To"], message["From"]) == ("ada@buddy.example", "no-reply@agency.example")
    assert message["Subject"] == "Añade «más»: Aprobada"
    assert "http://localhost/developers/apps/x" in message.get_content()


def test_a_letter_waits_while_the_server_is_down(store: Store, server: Server) -> None:
    nobody = room(store, 1, lambda: NOW)
    with store.write() as connection:
        nobody.write(connection, "ada@buddy.example", "verify", "en", {"link": "http://localhost/secret-link"})
    assert nobody.deliver() == 0
    assert Letters(store).waiting() == 1
    assert room(store, server.port, lambda: NOW).deliver() == 1  # as soon as the server is back
    assert "secret-link" in wait(server)
    assert Letters(store).waiting() == 0


def test_a_waiting_letter_is_sealed(store: Store, tmp_path) -> None:
    mailroom = room(store, 1, lambda: NOW)
    with store.write() as connection:
        mailroom.write(connection, "ada@buddy.example", "verify", "en", {"link": "http://localhost/secret-link"})
    store.close()
    dump = b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))
    assert b"secret-link" not in dump
    assert b"ada@buddy.example" not in dump


def test_a_letter_of_a_change_that_did_not_happen_is_not_sent(store: Store) -> None:
    mailroom = room(store, 1, lambda: NOW)

    def fails() -> None:
        with store.write() as connection:
            mailroom.write(connection, "ada@buddy.example", "verify", "en", {"link": "x"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert Letters(store).waiting() == 0


@pytest.mark.parametrize("odd", ["a\r\nBcc: everybody@example.org", "a\nb"])
def test_a_line_break_makes_no_header(odd: str) -> None:
    with pytest.raises(ValueError, match=r"linefeed|newline"):
        message_of(Letter("ada@buddy.example", odd, "text"), "no-reply@agency.example")


def test_a_refused_letter_keeps_no_other_back(store: Store, server: Server) -> None:
    mailroom = room(store, server.port, lambda: NOW)
    with store.write() as connection:
        for address in ("refused@buddy.example", "ada@buddy.example"):
            mailroom.write(connection, address, "verify", "en", {"link": "x"})
    assert mailroom.deliver() == 1
    assert "To: ada@buddy.example" in wait(server)
    assert Letters(store).waiting() == 1
    assert room(store, server.port, lambda: NOW + 8 * 24 * 3600).deliver() == 0
    assert Letters(store).waiting() == 0


def test_a_command_ends_when_its_letters_are_carried(small_config: Path, server: Server) -> None:
    mail = f'[mail]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
    small_config.write_text(small_config.read_text(encoding="utf-8") + mail, encoding="utf-8")
    opened(small_config).mailroom.post(
        "ada@app.example", "review", "en", {"app": "A", "state": "approved", "why": "", "app_id": "x"}
    )
    assert len(server.received) == 1


def test_a_letter_in_a_folder_is_read_as_it_was_written(tmp_path: Path) -> None:
    text = "Hello Zoë,\n\nhttps://api.agency.example/developers/verify/" + "x" * 200 + "\n"
    FolderCarrier(tmp_path, "no-reply@agency.example").send(Letter("zoe@x.example", "Confirm – now", text))
    (file,) = tmp_path.glob("*.eml")
    assert file.read_text(encoding="utf-8").endswith("\n\n" + text)
    assert email.message_from_bytes(file.read_bytes(), policy=email.policy.default).get_content() == text
