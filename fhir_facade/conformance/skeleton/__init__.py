"""The skeleton of an outside adapter: a complete distribution whose tests pass as it is written."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

NAME = re.compile(r"[a-z][a-z0-9]{1,15}")
"""Names of adapters: also part of an import name and of resource ids."""

_ENDING = ".txt"
_FOLDERS = {"package": "fhir_facade_claims_{name}"}


class NotAName(ValueError):
    """The name cannot be an adapter's, or its folder is taken; the text says what to do."""


def write(name: str, folder: Path, title: str | None = None) -> list[Path]:
    """Write the distribution of an adapter into a new folder.

    Args:
        name: the adapter's name, 2–16 of a–z and 0–9, a letter first.
        folder: to be made.
        title: the payer as people know it.

    Returns:
        The files written.

    Raises:
        NotAName: the name or the title does not fit, or the folder exists.
    """
    if not NAME.fullmatch(name):
        raise NotAName(f"{name} is no adapter name: 2–16 of a–z and 0–9, a letter first")
    if title and (not title.isprintable() or set(title) & set("\"'\\")):
        raise NotAName("a title has neither quotes nor backslashes nor line ends")
    if folder.exists():
        raise NotAName(f"{folder} exists; choose another folder or remove it")
    words = {"@name@": name, "@title@": title or name.capitalize()}
    root = files("fhir_facade.conformance.skeleton")
    return [_copy(source, folder / _place(way, name), words) for way, source in _templates(root, ())]


def _templates(folder: Traversable, way: tuple[str, ...]) -> list[tuple[tuple[str, ...], Traversable]]:
    found: list[tuple[tuple[str, ...], Traversable]] = []
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            found += _templates(entry, (*way, entry.name))
        elif entry.name.endswith(_ENDING):
            found.append(((*way, entry.name.removesuffix(_ENDING)), entry))
    return found


def _place(way: tuple[str, ...], name: str) -> Path:
    return Path(*(_FOLDERS.get(part, part).format(name=name) for part in way))


def _copy(source: Traversable, target: Path, words: dict[str, str]) -> Path:
    text = source.read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(word, value)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target
