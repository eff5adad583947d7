"""Debian's slapd with a few people, on this machine alone."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.running import free_port, running

BASE = "ou=people,dc=example,dc=gov"
PASSWORD = "right-password"
PEOPLE = {"maria": "A1", "nobody": "unknown", "twins": "TWO"}

CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
{tls}
database mdb
suffix "dc=example,dc=gov"
rootdn "cn=admin,dc=example,dc=gov"
rootpw admin-password
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=admin,dc=example,dc=gov" read by * none
"""


def _program(name: str) -> str:
    return shutil.which(name) or f"/usr/sbin/{name}"


def _entries() -> str:
    head = """dn: dc=example,dc=gov
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,dc=example,dc=gov
objectClass: organizationalUnit
ou: people
"""
    people = [
        f"""
dn: uid={name},{BASE}
objectClass: inetOrgPerson
uid: {name}
cn: {name}
sn: {name}
employeeNumber: {number}
userPassword: {PASSWORD}
"""
        for name, number in PEOPLE.items()
    ]
    return head + "".join(people)


@contextmanager
def slapd(folder: Path, certificate: tuple[Path, Path] | None = None) -> Iterator[str]:
    """The address of a running directory: ``ldap://``, or ``ldaps://`` with a key and its certificate."""
    (folder / "data").mkdir()
    tls = ""
    if certificate:
        tls = f"TLSCertificateKeyFile {certificate[0]}\nTLSCertificateFile {certificate[1]}"
    config, entries = folder / "slapd.conf", folder / "entries.ldif"
    config.write_text(CONFIG.format(folder=folder, tls=tls))
    entries.write_text(_entries())
    subprocess.run([_program("slapadd"), "-f", config, "-l", entries], check=True, capture_output=True)
    port = free_port()
    url = f"ldaps://localhost:{port}" if certificate else f"ldap://127.0.0.1:{port}"
    with running([_program("slapd"), "-f", str(config), "-h", url, "-d", "0"], port, folder / "log"):
        yield url
