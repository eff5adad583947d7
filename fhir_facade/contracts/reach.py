"""What a plugin's ``check`` looks at before anybody logs in: clocks, and certificates with the days they have left."""

from __future__ import annotations

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

SKEW_S = 60
"""How far two clocks may be apart: more, and fresh answers look old or look as if they came from the future."""

SOON = timedelta(days=14)
SHARE = 3
"""A certificate is called old when less than ``SOON`` and less than this part of its life is left."""

AHEAD = "not wrong yet"
"""A finding with these words is told, and fails no check."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def callback_fault(public_base: str) -> str | None:
    """Why a log-in system elsewhere would send nobody back to this facade."""
    parts = urlsplit(public_base)
    if parts.scheme == "https" or parts.hostname in LOOPBACK:
        return None
    return f"server.public_base: log-in systems send people back to https:// addresses alone, not to {public_base}"


def clock_fault(date: str | None, now: float | None = None) -> str | None:
    """Why answers of a server with that ``Date`` header will be refused; None where the clocks agree or it has none."""
    try:
        theirs = parsedate_to_datetime(date or "").timestamp()
    except (ValueError, TypeError):
        return None
    apart = round((time.time() if now is None else now) - theirs)
    if abs(apart) <= SKEW_S:
        return None
    return (
        f"this machine's clock is {abs(apart)} seconds {'ahead of' if apart > 0 else 'behind'} the one over there; "
        "set the time on both (chrony, ntp)"
    )


def validity_fault(begins: datetime, ends: datetime, now: datetime | None = None) -> str | None:
    """Why a certificate of that validity cannot be relied on."""
    now = datetime.now(UTC) if now is None else now
    left = ends - now
    if now < begins:
        return f"the certificate is not valid before {begins:%Y-%m-%d}; compare the clocks"
    if left <= timedelta():
        return f"the certificate ended on {ends:%Y-%m-%d}; renew it"
    if left < min(SOON, (ends - begins) / SHARE):
        return f"the certificate ends on {ends:%Y-%m-%d}, in {left.days} days: {AHEAD}; renew it"
    return None


def tls_fault(url: str, timeout_s: float, ca_file: Path | None = None) -> str | None:
    """What is wrong with the certificate of an ``https`` or ``ldaps`` address; None for addresses without TLS."""
    parts = urlsplit(url)
    port = {"https": 443, "ldaps": 636}.get(parts.scheme)
    if port is None or not parts.hostname:
        return None
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or port), timeout=timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secured,
        ):
            return peer_fault(secured)
    except ssl.SSLCertVerificationError as error:
        return f"the certificate of {parts.hostname} is not trusted: {error.verify_message}"
    except OSError as error:
        return f"{parts.hostname} cannot be reached ({type(error).__name__})"


def peer_fault(secured: ssl.SSLSocket) -> str | None:
    """What is wrong with the certificate at the other end of a connection that was verified."""
    certificate = secured.getpeercert() or {}
    times = [certificate.get(name) for name in ("notBefore", "notAfter")]
    begins, ends = (_moment(time) if isinstance(time, str) else None for time in times)
    return validity_fault(begins, ends) if begins and ends else None


def _moment(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)
