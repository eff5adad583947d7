"""Everything that the public test kits ask of an authorization server, and what they leave out, is a test of ours."""

from __future__ import annotations

import ast
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def asked() -> dict[str, str]:
    """``smart 1.1.1`` and so on → what is asked."""
    groups = tomllib.loads((TESTS / "e2e" / "kit.toml").read_text(encoding="utf-8"))
    return {f"{group} {number}": text for group, texts in groups.items() for number, text in texts.items()}


def marks(path: Path) -> Iterator[tuple[str, str]]:
    """Number and name of each test function that is marked ``@pytest.mark.kit("number", …)``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.kit":
                    yield from ((ast.literal_eval(number), node.name) for number in mark.args)


def shown() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for number, name in marks(path):
            found[number].append(name)
    return found


def test_every_test_of_the_kits_is_one_of_ours() -> None:
    missing = {number: text for number, text in asked().items() if number not in shown()}
    assert missing == {}


def test_no_test_is_marked_with_what_nobody_asks() -> None:
    assert shown().keys() - asked().keys() == set()


def test_the_groups_are_as_large_as_those_of_the_kits() -> None:
    sizes = Counter(f"{number.split('.')[0]}" for number in asked())
    assert (sizes["smart 1"], sizes["smart 3"], sizes["smart 4"], sizes["carin 1"]) == (26, 10, 16, 13)
    assert sum(number.startswith("bluebutton") for number in asked()) == 14
