"""An upstream that lies, hangs, shouts or sends away: no token leaves its base, and nothing of it reaches an app."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from fhir_facade.contracts.errors import ClaimsInvalid, ClaimsUnavailable
from fhir_facade_claims_fhir.answers import LONGEST_WAIT_S, retry_after
from fhir_facade_claims_fhir.links import Base
from tests.plugins.fhir.payer import EOB, VIEWER, claim, found, payer, resources, source
from tests.plugins.fhir.server import Upstream, always, send, serving


def page(*entries: Any, following: str | None = None) -> dict[str, Any]:
    links = [{"relation": "next", "url": following}] if following else []
    plain = json.loads(json.dumps(entries, default=str))
    return {"resourceType": "Bundle", "link": links, "entry": [{"resource": one} for one in plain]}


@pytest.mark.parametrize(
    "link",
    [
        "{other}/next",
        "{other}/next?u={base}",
        "//{other_host}/fhir/next",
        "http://{base_host}@{other_host}/fhir/next",
        "http://user:word@{base_host}/fhir/next",
        "{base}/../next",
        "{base}/%2e%2e/next",
        "{base}/%252e%252e/next",
        "{base}x/next",
        "{root}/next",
        "{base}\\@{other_host}/next",
        "{base} .{other_host}/next",
        "https://{base_host}/fhir/next",
        "http://{base_host}:x/fhir",
        "http://[/fhir",
        "file:///etc/passwd",
    ],
)
def test_a_next_link_out_of_the_base_is_never_followed(link: str) -> None:
    other = Upstream()
    with serving(payer()) as upstream, serving(other):
        root = upstream.base.removesuffix("/fhir")
        hosts = {"base_host": root.removeprefix("http://"), "other_host": other.base[7:].removesuffix("/fhir")}
        following = link.format(base=upstream.base, other=other.base, root=root, **hosts)
        upstream.instead[f"/{EOB}"] = always(page(claim(1), following=following))

        with pytest.raises(ClaimsInvalid, match="upstream-link"):
            found(resources(upstream), EOB)

    assert other.asked == []
    assert len(upstream.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    other = Upstream()
    with serving(payer()) as upstream, serving(other):
        upstream.instead[f"/{EOB}"] = always(b"", status, Location=f"{other.base}/{EOB}")

        with pytest.raises(ClaimsInvalid, match="upstream-refused"):
            found(resources(upstream), EOB)

    assert other.asked == []


def test_links_by_an_alias_are_asked_at_the_base_itself() -> None:
    base = Base("http://10.0.0.1:8080/fhir/", ["https://api.mco.example.org/r4"])

    assert base.inside("https://api.mco.example.org/r4?_getpages=7") == "http://10.0.0.1:8080/fhir?_getpages=7"
    assert base.inside("https://api.mco.example.org:443/r4/Patient") == "http://10.0.0.1:8080/fhir/Patient"
    assert base.inside("Patient?x=1") == "http://10.0.0.1:8080/fhir/Patient?x=1"
    assert base.inside("https://api.mco.example.org/r40/Patient") is None
    assert base.reference("https://api.mco.example.org/r4/Patient/1") == "Patient/1"
    assert base.reference("https://elsewhere.example.org/r4/Patient/1") == "https://elsewhere.example.org/r4/Patient/1"


def test_pages_in_a_circle_end() -> None:
    with serving(payer()) as upstream:
        upstream.instead[f"/{EOB}"] = always(page(claim(1), following=f"{upstream.base}/{EOB}?again=1"))

        with pytest.raises(ClaimsInvalid, match="cursor-loop"):
            found(resources(upstream), EOB)

    assert len(upstream.asked) == 2


def test_pages_without_end_end() -> None:
    with serving(payer()) as upstream:

        def more(request: BaseHTTPRequestHandler) -> None:
            following = f"{upstream.base}/{EOB}?n={len(upstream.asked)}"
            send(request, json.dumps(page(*[claim(n) for n in range(100)], following=following), default=str).encode())

        upstream.instead[f"/{EOB}"] = more

        with pytest.raises((ClaimsInvalid, ClaimsUnavailable), match=r"too-many|took longer"):
            found(resources(upstream, seconds=30), EOB)


NOT_FHIR = [
    b"<html>Please log in</html>",
    b"",
    b"[]",
    b"{}",
    b'{"resourceType": 7}',
    b'{"resourceType": "Bundle", "entry": 7}',
    b'{"resourceType": "Bundle", "link": {}}',
    b'{"resourceType": "OperationOutcome"}',
    b'{"resourceType": "Bundle", "total": NaN}',
    b"\xff\xfe",
    b'{"resourceType":' + b"[" * 100_000,
]


@pytest.mark.parametrize("body", NOT_FHIR)
def test_what_is_no_fhir_is_a_broken_promise(body: bytes) -> None:
    with serving(payer()) as upstream:
        upstream.instead[f"/{EOB}"] = always(body)

        with pytest.raises(ClaimsInvalid, match="upstream-not-fhir"):
            found(resources(upstream), EOB)


@pytest.mark.parametrize("entry", [7, None, {}, {"resource": 7}, {"resource": {}}, {"search": 7}])
def test_an_entry_that_is_none_is_passed_over(entry: Any) -> None:
    bundle = page(claim(1))
    bundle["entry"].append(entry)
    with serving(payer()) as upstream:
        upstream.instead[f"/{EOB}"] = always(bundle)

        assert len(found(resources(upstream), EOB)) == 1


def test_included_resources_and_outcomes_are_no_matches() -> None:
    bundle = page(claim(1), claim(2))
    bundle["entry"][0]["search"] = {"mode": "match"}
    bundle["entry"][1]["search"] = {"mode": "include"}
    bundle["entry"].append({"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}})
    with serving(payer()) as upstream:
        upstream.instead[f"/{EOB}"] = always(bundle)

        assert [one.id for one in found(resources(upstream), EOB)] == ["mco-claim-001"]


@pytest.mark.parametrize(
    ("status", "tries", "error"),
    [
        (500, 2, ClaimsUnavailable),
        (502, 2, ClaimsUnavailable),
        (503, 1, ClaimsUnavailable),
        (429, 1, ClaimsUnavailable),
        (401, 1, ClaimsUnavailable),
        (403, 1, ClaimsUnavailable),
        (400, 1, ClaimsInvalid),
        (404, 1, ClaimsInvalid),
    ],
)
def test_a_status_keeps_its_meaning(status: int, tries: int, error: type[Exception]) -> None:
    with serving(payer()) as upstream:
        upstream.instead[f"/{EOB}"] = always(b"{}", status)

        with pytest.raises(error) as raised:
            found(resources(upstream), EOB)

    assert len(upstream.asked) == tries
    assert "anna" not in str(raised.value)


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_none(status: int) -> None:
    with serving(payer()) as upstream:
        upstream.instead[f"/{EOB}/claim-001"] = always(b"{}", status)

        assert resources(upstream).read(VIEWER, EOB, "mco-claim-001") is None


def test_a_wait_that_the_upstream_asks_for_is_told_on() -> None:
    with serving(payer()) as upstream:
        upstream.instead[f"/{EOB}"] = always(b"", 429, Retry_After="17")

        with pytest.raises(ClaimsUnavailable) as raised:
            found(resources(upstream), EOB)

    assert raised.value.retry_after_s == 17


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 30), ("", 30), ("7", 7), ("-3", 1), ("9" * 30, LONGEST_WAIT_S), ("9" * 5_000, 30), ("soon", 30)],
)
def test_a_wait_is_read_whatever_stands_there(header: str | None, seconds: int) -> None:
    assert retry_after(header) == seconds


def test_a_wait_may_be_a_date() -> None:
    assert retry_after("Sun, 06 Nov 1994 08:49:37 GMT") == 1
    assert retry_after("Sun, 06 Nov 2094 08:49:37 GMT") == LONGEST_WAIT_S


def test_one_stumble_is_forgiven() -> None:
    with serving(payer()) as upstream:

        def once(request: BaseHTTPRequestHandler) -> None:
            del upstream.instead[f"/{EOB}"]
            send(request, b"oops", 500)

        upstream.instead[f"/{EOB}"] = once

        assert len(found(resources(upstream), EOB)) == 5


def dripping(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000000")
    request.end_headers()
    for _ in range(100):
        request.wfile.write(b" ")
        request.wfile.flush()
        time.sleep(0.1)


def silent(request: BaseHTTPRequestHandler) -> None:
    time.sleep(4)


@pytest.mark.parametrize("nasty", [dripping, silent])
def test_an_answer_that_never_ends_ends(nasty: Callable[[BaseHTTPRequestHandler], None]) -> None:
    with serving(payer()) as upstream:
        upstream.instead[f"/{EOB}"] = nasty
        asked, begun = source(upstream, timeout_s=1), time.monotonic()

        with pytest.raises(ClaimsUnavailable):
            asked.client.ask(EOB)

    assert time.monotonic() - begun < 3


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    def breaking(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(b'{"resourceType":"Bundle"}')
        request.close_connection = True

    with serving(payer()) as upstream:
        upstream.instead[f"/{EOB}"] = breaking

        with pytest.raises((ClaimsUnavailable, ClaimsInvalid)):
            found(resources(upstream), EOB)


def test_a_huge_answer_is_not_read() -> None:
    with serving(payer()) as upstream:
        upstream.instead[f"/{EOB}"] = always(b" " * 3_000_000)

        with pytest.raises(ClaimsInvalid, match="upstream-too-big"):
            found(resources(upstream, most_megabytes=1), EOB)


def test_an_upstream_that_is_not_there_is_unavailable() -> None:
    with serving(payer()) as upstream:
        over = resources(upstream)

    with pytest.raises(ClaimsUnavailable):
        found(over, EOB)


def test_cookies_of_one_answer_are_not_sent_with_the_next() -> None:
    seen: list[str | None] = []
    with serving(payer()) as upstream:

        def answer(request: BaseHTTPRequestHandler) -> None:
            seen.append(request.headers.get("Cookie"))
            send(request, json.dumps(page(claim(1)), default=str).encode(), Set_Cookie="member=anna; Path=/")

        upstream.instead[f"/{EOB}"] = answer
        over = resources(upstream)
        found(over, EOB)
        found(over, EOB)

    assert seen == [None, None]
