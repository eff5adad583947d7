"""People with browsers: Debian's Chromium, driven by npm's playwright-core, told what to do a step at a time."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers.chromium import installed

Cookies = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Mode:
    """How a person uses a browser.

    Args:
        name: of folders of pictures and of tests.
        language: ``en`` or ``es``.
        keyboard: whether there is no mouse.
        scripts: whether JavaScript is on.
    """

    name: str
    language: str = "en"
    keyboard: bool = False
    scripts: bool = True


MODES = (
    Mode("mouse"),
    Mode("keyboard", keyboard=True),
    Mode("no-scripts", scripts=False),
    Mode("spanish", language="es"),
)


class Chromium:
    """A running browser in which several people work, each with cookies of their own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def do(self, what: str, who: int = 0, **values: Any) -> Any:
        """What a step answered; fails with what the browser said."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"do": what, "who": who, **values}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the browser ended"
        answer = json.loads(line)
        assert "error" not in answer, f"{what} {values}: {answer['error']}"
        return answer["value"]

    def survey(self, path: str, cookies: Cookies, picture: Path, *, keyboard: bool = True) -> Mapping[str, Any]:
        """An address as each of its readers meets it; pictures are named after ``picture``."""
        picture.parent.mkdir(parents=True, exist_ok=True)
        found: Mapping[str, Any] = self.do(
            "survey", path=path, cookies=list(cookies), pictures=str(picture), keyboard=keyboard
        )
        return found


class Visitor:
    """One person with a browser, who works in a mode and has their pictures taken."""

    def __init__(self, chromium: Chromium, mode: Mode, pictures: Path) -> None:
        self._chromium = chromium
        self._mode = mode
        self._pictures = pictures / mode.name
        self._pictures.mkdir(parents=True, exist_ok=True)
        self._who = chromium.do("arrive", language=mode.language, scripts=mode.scripts)

    def _do(self, what: str, **values: Any) -> Any:
        return self._chromium.do(what, self._who, keyboard=self._mode.keyboard, **values)

    def open(self, path: str) -> int:
        """Go to an address; gives the status."""
        return int(self._do("open", path=path))

    def fill(self, **fields: str) -> None:
        """Type into the fields with these ids."""
        for name, text in fields.items():
            self._do("fill", at=f"#{name}", text=text)

    def choose(self, name: str, value: str) -> None:
        """Tick a box or choose a radio button."""
        self._do("choose", at=f'input[name="{name}"][value="{value}"]')

    def untick(self, name: str, value: str) -> None:
        """Take the tick out of a box."""
        self._do("untick", at=f'input[name="{name}"][value="{value}"]')

    def toggle(self, at: str) -> None:
        """Open or close what stands behind a summary."""
        self._do("toggle", at=at)

    def press(self, at: str) -> int:
        """Press a button or follow a link, and wait for the next page; gives its status."""
        return int(self._do("press", at=at))

    def press_twice(self, at: str) -> int:
        """Press a button two times in a hurry; how often its form was sent."""
        return int(self._do("twice", at=at))

    def wait_for(self, at: str) -> None:
        """Wait until it stands there: on a busy machine a way that is gone twice takes its time."""
        self._do("stands", at=at)

    def text(self, at: str = "main") -> str:
        """What stands there."""
        return str(self._do("text", at=at))

    def count(self, at: str) -> int:
        """How many of them there are."""
        return int(self._do("count", at=at))

    @property
    def url(self) -> str:
        """Where the person is."""
        return str(self._do("url"))

    @property
    def cookies(self) -> Cookies:
        """The cookies of this browser."""
        found: Cookies = self._do("cookies")
        return found

    def look(self, name: str) -> None:
        """Fails when the page keeps somebody out, asks another host, or is in another language."""
        number = len(list(self._pictures.glob("*.png"))) + 1
        found = self._do("look", picture=str(self._pictures / f"{number:02}-{name}.png"))
        assert found["violations"] == [], name
        assert found["foreign"] == [], name
        assert found["complaints"] == [], name
        assert found["language"] == self._mode.language, name


@contextmanager
def chromium(base: str) -> Iterator[Chromium]:
    """A browser for the pages below ``base``."""
    command = ["node", str(installed("browser.mjs")), base]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Chromium(process)
    finally:
        process.communicate(timeout=30)
