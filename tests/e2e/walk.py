"""Walks a running sandbox as a person would: ``python -m tests.e2e.walk http://localhost:8000``.

Reads the portal's front page for a member's log-in and the demo app, logs in, consents, and reads claims.
"""

from __future__ import annotations

import re
import sys

import httpx

from tests.e2e.journey import Journey, form_with, forms_of

SCOPE = "openid fhirUser launch/patient offline_access patient/*.rs"


def walk(base: str, username: str, password: str) -> int:
    """The number of claims that the demo app shows after log-in and consent."""
    journey = Journey(base, "unused", "unused")
    page = journey.follow(journey.browser.get(f"{base}/demo"))
    start = forms_of(page)
    page = journey.send(page, start[0]) if start and "username" not in start[0].names() else page
    page = journey.log_in(page, username, password)
    if any("person" in form.names() for form in forms_of(page)):
        page = journey.send(page, form_with(page, "person"), person="0")
    page = journey.send(page, form_with(page, "answer"), answer="allow")
    assert page.status_code == 200, page.text[:2000]
    return page.text.count("ExplanationOfBenefit/") or page.text.count("<tr")


def main() -> None:
    """Print what the walk found; exits 1 when it found nothing."""
    base = sys.argv[1].rstrip("/")
    front = httpx.get(base + "/", follow_redirects=True)
    assert front.status_code == 200, front.text
    username, password = first_log_in(front)
    claims = walk(base, username, password)
    print(f"{username} logged in, consented, and the demo app shows {claims} rows of claims")
    sys.exit(0 if claims else 1)


def first_log_in(front: httpx.Response) -> tuple[str, str]:
    """User name and password of the first test member on the front page."""
    row = re.search(r"<th[^>]*>([\w-]+)</th>\s*<td><code>([\w-]+)</code>", front.text)
    assert row, front.text[:3000]
    return row[1], row[2]


if __name__ == "__main__":
    main()
