"""Guide pages as their readers use them: each command in a shell, and what it answered, as the page shows answers."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

STEPS = Path(__file__).resolve().parents[2] / "fhir_facade" / "web" / "guides" / "steps"
DEEPEST = 5
LONGEST = 3
SECRET = {"access_token", "refresh_token", "id_token"}
_BLOCK = re.compile(r'<code class="language-(sh|json|txt)">(.*?)</code>', re.DOTALL)
_VOLATILE = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(?:Z|\+00:00)"), "a moment"),
    (re.compile(r"\bcursor=[\w.~%-]+"), "cursor=…"),
    (re.compile(r"[0-9a-f]{32}"), "a number"),
)


@dataclass(frozen=True)
class Step:
    """A command on a page, and the answer that the page shows below it; None where it shows none."""

    command: str
    shown: str | None


def steps_of(base: str, name: str, language: str) -> list[Step]:
    """The commands of a guide page, in order, as a person copies them."""
    page = httpx.get(f"{base}/guides/{name}", params={"lang": language})
    assert page.status_code == 200
    blocks = [(kind, html.unescape(text)) for kind, text in _BLOCK.findall(page.text)]
    following = [*blocks[1:], ("sh", "")]
    return [
        Step(text, None if after[0] == "sh" else after[1])
        for (kind, text), after in zip(blocks, following, strict=True)
        if kind == "sh"
    ]


def typed(command: str, folder: Path | None = None, **variables: str) -> str:
    """What a shell prints."""
    surroundings = {**os.environ, **variables}
    done = subprocess.run(
        ["bash", "-euc", command], capture_output=True, text=True, env=surroundings, timeout=120, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def shortened(value: Any, depth: int = 0) -> Any:
    """JSON with … for what is too long or too deep to show, and for tokens."""
    if isinstance(value, dict):
        if depth >= DEEPEST:
            return "…"
        return {key: "…" if key in SECRET else shortened(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list):
        most = 1 if any(isinstance(one, dict) for one in value) else LONGEST
        kept = [shortened(one, depth + 1) for one in value[:most]] if depth < DEEPEST else []
        return kept + ["…"] * (len(kept) < len(value))
    return value


def as_shown(printed: str, base: str) -> str:
    """An answer as a page shows it."""
    try:
        text = json.dumps(shortened(json.loads(printed)), indent=2, ensure_ascii=False) + "\n"
    except ValueError:
        text = printed
    return _VOLATILE[1][0].sub("cursor=…", text.replace(base, "{base}"))


def comparable(text: str, base: str) -> str:
    """An answer without what differs from run to run: moments, tokens of pages, numbers of requests."""
    for volatile, word in _VOLATILE:
        text = volatile.sub(word, text.replace(base, "{base}"))
    return text


def check(step: Step, printed: str, base: str) -> None:
    """Fails when the page shows another answer than the command got; UPDATE_DOCS=1 writes the answer to the page."""
    told = as_shown(printed, base)
    if os.environ.get("UPDATE_DOCS") == "1" and printed.strip():
        _record(step, told, base)
        return
    assert comparable(step.shown or "", base).strip() == comparable(told, base).strip(), step.command


def _record(step: Step, told: str, base: str) -> None:
    written = step.command.replace(base, "{base}")
    (file,) = [file for file in STEPS.glob("*.sh") if file.read_text(encoding="utf-8") == written]
    ending = ".json" if told.startswith(("{", "[")) else ".txt"
    file.with_suffix(ending).write_text(told, encoding="utf-8")
