"""What a worker is told of each request, whatever becomes of its answer."""

from __future__ import annotations

import http.client
from pathlib import Path

import httpx

from tests.serving.test_workers import SERVER, running, until

TELLING = SERVER.replace("time.sleep(1)\n", "raise KeyError('no answer')\n", 1).replace(
    "ready=ready)",
    "ready=ready, told=lambda environ, status: open('told', 'a').write(f\"{environ.get('PATH_INFO')} {status}\\n\"))",
)


def told(folder: Path) -> list[str]:
    """What was told but for the request that waited for the server; a worker tells when its answer has left."""
    path = folder / "told"
    lines = path.read_text().splitlines() if path.exists() else []
    return sorted(line for line in lines if line != "/ 200")


def test_each_request_is_told_once_with_the_status_that_went_out(tmp_path: Path) -> None:
    with running(tmp_path, TELLING) as (_, base):
        assert httpx.get(f"{base}/x").status_code == 200
        assert httpx.head(f"{base}/head").status_code == 200
        assert httpx.get(f"{base}/same").status_code == 304
        assert httpx.get(f"{base}/slow").status_code == 500
        url = httpx.URL(base)
        refused = http.client.HTTPConnection(url.host, url.port)
        refused.request("GET", "/too-much", headers={"X": "x" * 70_000})
        assert refused.getresponse().status == 431
        refused.close()
        until(lambda: len(told(tmp_path)) == 5)
    assert told(tmp_path) == ["/head 200", "/same 304", "/slow 500", "/x 200", "None 431"]


def test_an_answer_whose_reader_left_is_told_too(tmp_path: Path) -> None:
    with running(tmp_path, TELLING) as (_, base):
        with httpx.stream("GET", f"{base}/gone?50000000") as answer:
            assert answer.status_code == 200
        until(lambda: "/gone 200" in told(tmp_path))
