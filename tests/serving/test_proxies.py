"""Whose X-Forwarded-For is believed: every configured proxy's, and nobody else's."""

from __future__ import annotations

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from fhir_facade.serving.proxies import behind

PROXIES = ("10.0.0.1", "10.0.0.2", "192.168.4.0/24", "fd00::/8")


def client_seen(peer: str, forwarded: str = "203.0.113.9", proxies: tuple[str, ...] = PROXIES) -> str:
    """Whom the application sees, where ``peer`` connects and names somebody."""

    def app(environ, start_response):
        start_response("200 OK", [])
        return [f"{environ['REMOTE_ADDR']} {environ.get('HTTP_X_FORWARDED_FOR', '')}".encode()]

    headers = {"X-Forwarded-For": forwarded}
    environ = EnvironBuilder(headers=headers, environ_base={"REMOTE_ADDR": peer}).get_environ()
    body, status, _ = run_wsgi_app(behind(app, proxies), environ, buffered=True)
    assert status.startswith("200"), status
    return b"".join(body).decode().split(" ")[0]


@pytest.mark.parametrize("proxy", ["10.0.0.1", "10.0.0.2", "192.168.4.77", "fd00::7", "::ffff:10.0.0.2"])
def test_each_proxy_names_the_client(proxy: str) -> None:
    assert client_seen(proxy) == "203.0.113.9"


@pytest.mark.parametrize("stranger", ["10.0.0.3", "192.168.5.1", "2001:db8::1", "203.0.113.1"])
def test_a_stranger_names_nobody(stranger: str) -> None:
    assert client_seen(stranger) == stranger
    assert client_seen(stranger, proxies=()) == stranger


def test_what_the_client_wrote_before_the_proxy_is_not_believed() -> None:
    assert client_seen("10.0.0.1", "198.51.100.66, 203.0.113.9") == "203.0.113.9"
