"""A facade as it stands in production: ``fhir-facade serve`` over a copy, and the shipped nginx site in front."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fhir_facade.app import migrate_databases, open_parts
from fhir_facade.app.sandbox import ensure_demo_app
from fhir_facade.app.syncing import sync_source
from fhir_facade.oauth.registry import mint_token
from fhir_facade.settings import load
from tests.peers.certificates import write_keys
from tests.peers.running import free_port, running
from tests.plugins.rif import extract

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = str(Path(sys.executable).with_name("fhir-facade"))
HOST = "localhost"

_CONFIG = """
[server]
environment = "sandbox"
public_base = "https://localhost:{port}"
trusted_proxies = ["127.0.0.1"]
state = "{state}"
[[claims]]
name = "rif"
adapter = "rif"
mode = "replica"
[claims.rif]
folder = "{files}"
[identity]
provider = "sandbox"
[limits]
per_token = "1000000 per minute"
per_app = "10000000 per minute"
per_address = "1000000 per minute"
"""


@dataclass
class Crowd:
    """Members of every size, their tokens, and the ports.

    Args:
        folder: holds config, files and state.
        https: port of nginx.
        port: port of ``serve``.
        tokens: access token by beneficiary number; 1 has the most claims, 2 the claim with the most lines.
    """

    folder: Path
    https: int = field(default_factory=free_port)
    port: int = field(default_factory=free_port)
    tokens: dict[int, str] = field(default_factory=dict)

    @property
    def certificate(self) -> Path:
        """What nginx shows."""
        return self.folder / f"{HOST}.crt"


def fill(folder: Path, *, ordinary: int, claims: int, most_claims: int, most_lines: int) -> Crowd:
    """Members 3 … have ``claims`` each; one has ``most_claims``, one a claim with ``most_lines``."""
    files = folder / "files"
    files.mkdir()
    people = range(1, ordinary + 3)
    extract.write(files, "beneficiary", *({"BENE_ID": f"{n}", "MBI_NUM": f"1S00E{n:06}"} for n in people))
    histories = {1: most_claims, **dict.fromkeys(people[2:], claims)}
    lines = [{"BENE_ID": "2", "CLM_ID": "1", "LINE_NUM": f"{line}"} for line in range(1, most_lines + 1)]
    for person, count in histories.items():
        lines += [{"BENE_ID": f"{person}", "CLM_ID": f"{person}{number:06}"} for number in range(1, count + 1)]
    extract.write(files, "carrier", *lines)
    crowd = Crowd(folder)
    config = _CONFIG.format(port=crowd.https, files=files, state=folder / "state")
    (folder / "crowd.toml").write_text(config, encoding="utf-8")
    write_keys(folder, HOST)
    settings = load(folder / "crowd.toml")
    migrate_databases(settings)
    sync_source(settings, "rif")
    parts = open_parts(settings)
    app = ensure_demo_app(parts)
    crowd.tokens = {n: mint_token(parts.server, app, patient=f"rif-{n}", scopes="patient/*.rs") for n in people}
    return crowd


@contextmanager
def serving(crowd: Crowd) -> Iterator[subprocess.Popen[bytes]]:
    """``fhir-facade serve`` with two workers."""
    command = [COMMAND, "serve", "--port", str(crowd.port), "--workers", "2"]
    command += ["--config", str(crowd.folder / "crowd.toml")]
    with running(command, crowd.port, crowd.folder / "serve.log") as process:
        yield process


@contextmanager
def nginx(crowd: Crowd) -> Iterator[None]:
    """nginx with the shipped site, in which only names, ports and files of the machine are changed."""
    site = (PROJECT / "config/deploy/nginx.conf").read_text(encoding="utf-8")
    for shipped, here in {
        "listen 443 ssl;": f"listen 127.0.0.1:{crowd.https} ssl;",
        "server 127.0.0.1:8000": f"server 127.0.0.1:{crowd.port}",
        "claims.example.gov;": f"{HOST};",
        "/var/log/nginx": str(crowd.folder),
        "/etc/ssl/claims.example.gov.pem": str(crowd.certificate),
        "/etc/ssl/claims.example.gov.key": str(crowd.folder / f"{HOST}.key"),
    }.items():
        assert shipped in site, shipped
        site = site.replace(shipped, here)
    (crowd.folder / "site.conf").write_text(site, encoding="utf-8")
    whole = f"""
user root;
pid {crowd.folder}/nginx.pid;
error_log {crowd.folder}/nginx.log info;
events {{ worker_connections 2048; }}
http {{ access_log off; include {crowd.folder}/site.conf; }}
"""
    (crowd.folder / "nginx.conf").write_text(whole if os.geteuid() == 0 else whole.replace("user root;", ""))
    command = ["/usr/sbin/nginx", "-g", "daemon off;", "-e", f"{crowd.folder}/early.log"]
    command += ["-p", str(crowd.folder), "-c", str(crowd.folder / "nginx.conf")]
    with running(command, crowd.https, crowd.folder / "nginx.out"):
        yield


def workers(process: subprocess.Popen[bytes]) -> set[int]:
    """Process ids of the workers that live now."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    return {int(number) for number in children.split()}


def replace_workers(process: subprocess.Popen[bytes]) -> set[int]:
    """Ask for new workers; those that were there before."""
    before = workers(process)
    process.send_signal(signal.SIGHUP)
    return before
