"""A private PostgreSQL server in a temporary folder, and as many fresh databases of it as a test likes.

The fixture ``postgresql`` is there for every test and starts one server for the whole session; mark the tests
``@pytest.mark.peer("postgresql")``.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.peers.running import free_port

_INSTALLED = Path("/usr/lib/postgresql")
_SERVER_USER = "postgres"


class Server:
    """One server.

    Args:
        folder: for its data and socket; made and owned by the user that runs it.
        settings: lines for ``postgresql.conf``.
    """

    def __init__(self, folder: Path, settings: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = free_port()
        self._settings = settings
        self._numbers = itertools.count(1)

    def create(self) -> None:
        """Make an empty cluster."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self.folder, _SERVER_USER)
        self.run("initdb", "-D", str(self.data), "-U", _SERVER_USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        lines = (f"port = {self.port}", "listen_addresses = '127.0.0.1'", f"unix_socket_directories = '{self.folder}'")
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("\n".join((*lines, "fsync = off", "max_connections = 100", *self._settings)) + "\n")

    def standby(self, folder: Path) -> Server:
        """A hot standby that follows this running server; not started yet."""
        other = Server(folder)
        folder.mkdir(parents=True)
        if os.geteuid() == 0:
            shutil.chown(folder, _SERVER_USER)
        address = ("-h", "127.0.0.1", "-p", str(self.port), "-U", _SERVER_USER)
        self.run("pg_basebackup", "-D", str(other.data), "-R", "-X", "stream", "-c", "fast", *address)
        with (other.data / "postgresql.conf").open("a") as file:
            file.write(f"port = {other.port}\nunix_socket_directories = '{folder}'\n")
        return other

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.run("pg_ctl", "-D", str(self.data), "-w", "-t", "60", "-l", str(self.folder / "log"), "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop; ``immediate`` is a crash."""
        self.run("pg_ctl", "-D", str(self.data), "-w", "-m", mode, "stop", check=False)

    def database(self) -> str:
        """The SQLAlchemy URL of a fresh, empty database."""
        name = f"test{next(self._numbers)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://{_SERVER_USER}@127.0.0.1:{self.port}/{name}"

    def emptied(self, name: str) -> str:
        """The SQLAlchemy URL of a database that is used again and again, empty: quicker than a fresh one each time."""
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
            if there is None:
                connection.execute(f"CREATE DATABASE {name}".encode())
        with psycopg.connect(self._address(name), autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return f"postgresql+psycopg://{_SERVER_USER}@127.0.0.1:{self.port}/{name}"

    def dump(self, url: str) -> str:
        """A database as ``pg_dump`` writes it."""
        path = self.folder / "dump.sql"
        name = url.rpartition("/")[2]
        address = ("-h", "127.0.0.1", "-p", str(self.port), "-U", _SERVER_USER)
        self.run("pg_dump", *address, "-f", str(path), name)
        return path.read_text(encoding="utf-8")

    def _address(self, database: str) -> str:
        return f"postgresql://{_SERVER_USER}@127.0.0.1:{self.port}/{database}"

    def run(self, program: str, *arguments: str, check: bool = True) -> None:
        """Run one of the server's programs as the user that owns the cluster."""
        path = max(_INSTALLED.glob(f"*/bin/{program}"), key=lambda found: int(found.parts[-3]))
        as_user = ["runuser", "-u", _SERVER_USER, "--"] if os.geteuid() == 0 else []
        done = (
            subprocess.run(
                [*as_user, str(path), *arguments], cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True
            )
            if program != "pg_ctl"
            else subprocess.run(
                [*as_user, str(path), *arguments],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )  # a server that inherits a pipe keeps the reader waiting
        if check and done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr or ''}")


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """The server neither ends nor answers, as where its disk hangs."""
    parent = int((server.data / "postmaster.pid").read_text().split()[0])
    stopped = [parent]  # before its children are looked up: as long as it stands still, none of them vanishes
    try:
        os.kill(parent, signal.SIGSTOP)
        stopped += map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split())
        for each in stopped:
            os.kill(each, signal.SIGSTOP)
        yield
    finally:
        for each in reversed(stopped):
            os.kill(each, signal.SIGCONT)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A running server."""
    with running() as server:
        yield server


@contextmanager
def running() -> Iterator[Server]:
    """A server that runs as long as the block, in a folder that its own user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="facade-pg-"))
    folder.chmod(0o755)
    server = Server(folder / "cluster")
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _SERVER_USER)
        server.create()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
