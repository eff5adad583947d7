"""A private MariaDB server in a temporary folder, and fresh databases of it.

Use it as ``tests.peers.postgresql``; mark the tests ``@pytest.mark.peer("mariadb")``.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pymysql
import pytest

from tests.peers.running import free_port

_USER = "mysql"


def _program(*names: str) -> str:
    for name in names:
        for folder in (None, "/usr/sbin:/usr/bin"):
            if found := shutil.which(name, path=folder):
                return found
    pytest.fail(f"none of {names} is installed")


@dataclass
class MariaDB:
    """One running server."""

    port: int
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def database(self) -> str:
        """The URL of a fresh, empty database."""
        name = f"facade{next(self.numbers)}"
        with (
            pymysql.connect(host="127.0.0.1", port=self.port, user="facade", password="facade") as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return f"mysql+pymysql://facade:facade@127.0.0.1:{self.port}/{name}?charset=utf8mb4"


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """The server, started once."""
    folder = Path(tempfile.mkdtemp(prefix="mariadb-"))
    root = os.geteuid() == 0
    if root:
        shutil.chown(folder, _USER)
    data = folder / "data"
    user = [f"--user={_USER}"] if root else []
    install = [_program("mariadb-install-db", "mysql_install_db"), f"--datadir={data}", *user, "--skip-test-db"]
    subprocess.run(install, check=True, capture_output=True)
    accounts = folder / "accounts.sql"
    accounts.write_text("CREATE USER facade@'%' IDENTIFIED BY 'facade';\nGRANT ALL ON *.* TO facade@'%';\n")
    port = free_port()
    server = subprocess.Popen(
        [
            _program("mariadbd", "mysqld"), "--no-defaults", f"--datadir={data}", f"--port={port}", *user,
            "--bind-address=127.0.0.1", f"--socket={folder / 's'}", f"--pid-file={folder / 'pid'}",
            f"--init-file={accounts}", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0",
            "--innodb-strict-mode=0",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(port, server)
        yield MariaDB(port)
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(150):
        try:
            pymysql.connect(host="127.0.0.1", port=port, user="facade", password="facade").close()
        except pymysql.err.OperationalError:
            if server.poll() is not None:
                break
            time.sleep(0.2)
        else:
            return
    pytest.fail("MariaDB did not come up")
