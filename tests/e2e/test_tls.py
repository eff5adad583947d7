"""Behind the shipped nginx site the endpoints take TLS 1.2 and newer alone."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.e2e.conftest import Sandbox
from tests.peers.certificates import write_keys
from tests.serving.crowded import HOST, Crowd, nginx

pytestmark = pytest.mark.peer("nginx")


@pytest.fixture(scope="module")
def site(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    folder = tmp_path_factory.mktemp("site")
    write_keys(folder, HOST)
    crowd = Crowd(folder, port=int(urlsplit(sandbox.base).port or 0))
    with nginx(crowd):
        yield crowd


def offering(version: ssl.TLSVersion, certificate: Path) -> ssl.SSLContext:
    """A client that speaks this version alone."""
    context = ssl.create_default_context(cafile=str(certificate))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    return context


@pytest.mark.kit(
    "smart 1.2.1", "smart 1.2.4", "smart 3.2.1", "smart 4.1.5", "smart 4.1.8", "carin 1.2.1", "carin 1.2.4"
)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=str)
def test_new_versions_of_tls_reach_authorization_and_token(site: Crowd, version: ssl.TLSVersion) -> None:
    with httpx.Client(verify=offering(version, site.certificate), timeout=30) as client:
        base = f"https://{HOST}:{site.https}/oauth"
        assert client.get(f"{base}/authorize").status_code == 400
        assert client.post(f"{base}/token").json()["error"] == "invalid_request"


@pytest.mark.kit(
    "smart 1.2.1", "smart 1.2.4", "smart 3.2.1", "smart 4.1.5", "smart 4.1.8", "carin 1.2.1", "carin 1.2.4"
)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1], ids=str)
def test_old_versions_of_tls_are_refused(site: Crowd, version: ssl.TLSVersion) -> None:
    context = offering(version, site.certificate)
    refused = pytest.raises(ssl.SSLError, match=r"(?i)protocol.version|unsupported.protocol")
    with socket.create_connection(("127.0.0.1", site.https), timeout=10) as plain, refused:
        context.wrap_socket(plain, server_hostname=HOST)
