"""What a browser shows at a FHIR URL: the JSON, escaped and indented, on a page that loads and runs nothing."""

from __future__ import annotations

import html
import re
from base64 import b64encode
from hashlib import sha256

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem;color:#1b1b1b;background:#fff}"
    "pre{font:14px/1.4 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}"
    "pre{background:#f4f4f4;padding:1rem}"
    "a{color:#005ea2}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#111}pre{background:#222}a{color:#8cf}}"
)
_LINK = re.compile(r"(?<=&quot;)(https?://[^\s&<>\"']+(?:&amp;[^\s&<>\"']+)*)(?=&quot;)")


POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the page: its own style and nothing else."""


def html_page(status: int, body: bytes, base: str) -> bytes:
    """The page of one resource.

    Args:
        status: HTTP status of the answer.
        body: the resource as indented JSON.
        base: absolute URL of the FHIR server; links that start with it can be clicked, others stay text.
    """

    def anchor(match: re.Match[str]) -> str:
        url = match[1]
        return f'<a href="{url}">{url}</a>' if url.startswith(base + "/") else url

    text = _LINK.sub(anchor, html.escape(body.decode()))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">'
        f"<title>FHIR answer {status}</title><style>{_STYLE}</style></head><body>"
        f"<h1>FHIR answer, status {status}</h1>"
        "<p>This address answers programs. What they get is shown below; add <code>_format=json</code> to see it "
        f"alone.</p><pre>{text}</pre></body></html>"
    ).encode()
