"""Who asked, where proxies stand in front: their X-Forwarded-For is believed, everybody else's is taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from waitress.proxy_headers import proxy_headers_middleware

from fhir_facade.serving.channel import WsgiApp


def behind(app: WsgiApp, proxies: Sequence[str]) -> WsgiApp:
    """``app`` behind proxies, which name the client in the last entry of X-Forwarded-For.

    Args:
        app: sees the client in ``REMOTE_ADDR``.
        proxies: addresses and networks of the proxies.
    """
    networks = [ip_network(one) for one in proxies]
    believing: WsgiApp = proxy_headers_middleware(app, trusted_proxy="*", trusted_proxy_headers={"x-forwarded-for"})
    doubting: WsgiApp = proxy_headers_middleware(app)

    @lru_cache(maxsize=1024)
    def door(peer: str) -> WsgiApp:
        return believing if _is_in(peer, networks) else doubting

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return door(environ["REMOTE_ADDR"])(environ, start_response)

    return answer


def _is_in(peer: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:  # a socket of the file system has no address
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
