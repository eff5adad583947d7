"""The picture in docs/architecture.md and the code never differ."""

from __future__ import annotations

import ast
import configparser
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


def table_of_imports() -> dict[str, set[str]]:
    """Room → rooms it may import, as docs/architecture.md says."""
    text = (PROJECT / "docs/architecture.md").read_text(encoding="utf-8")
    block = text.partition("```imports\n")[2].partition("```")[0]
    rows = [line.partition(":") for line in block.splitlines()]
    return {room: set(targets.split()) for room, _, targets in rows}


MAY_IMPORT = table_of_imports()

ALONE: dict[str, set[str]] = {
    "flask": {"web", "app", "oauth"},
    "flask_smorest": {"web"},
    "flask_limiter": {"web"},
    "authlib": {"oauth", "plugins"},
    "joserfc": {"oauth"},
    "sqlalchemy": {"resources", "sync", "store", "app"},
    "alembic": {"store", "resources"},
    "click": {"cli"},
    "rich": {"cli"},
    "waitress": {"serving"},
    "prometheus_client": {"serving", "web"},
    "pytest": {"conformance"},
}
"""Library → the only rooms that may import it (plugins are free)."""

MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 50


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the package with its room."""
    for path in sorted((PROJECT / "fhir_facade").rglob("*.py")):
        parts = path.relative_to(PROJECT / "fhir_facade").parts
        yield (parts[0] if len(parts) > 1 else path.stem), path


def imported(path: Path) -> Iterator[str]:
    """Dotted names a module imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_imports_run_one_way() -> None:
    wrong = [
        f"{path.relative_to(PROJECT)} imports {name}"
        for room, path in modules()
        for name in imported(path)
        if name.startswith("fhir_facade.")
        and (target := name.split(".")[1]) != room
        and room != "__init__"
        and target not in MAY_IMPORT[room]
    ]

    assert not wrong, "\n".join(wrong)


def test_a_library_is_used_only_in_its_room() -> None:
    wrong = [
        f"{path.relative_to(PROJECT)} imports {name}"
        for room, path in modules()
        for name in imported(path)
        if (library := name.split(".")[0]) in ALONE and room not in ALONE[library]
    ]

    assert not wrong, "\n".join(wrong)


def test_contracts_need_the_standard_library_alone() -> None:
    import sys

    wrong = [
        f"{path.name} imports {name}"
        for room, path in modules()
        if room == "contracts"
        for name in imported(path)
        if name.split(".")[0] not in sys.stdlib_module_names | {"fhir_facade"}
    ]

    assert not wrong, "\n".join(wrong)


def test_plugins_import_contracts_alone() -> None:
    wrong = [
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in sorted((PROJECT / "plugins").rglob("*.py"))
        for name in imported(path)
        if name.startswith("fhir_facade.") and name.split(".")[1] != "contracts"
    ]

    assert not wrong, "\n".join(wrong)


def code_files() -> list[Path]:
    """Every Python file that people install."""
    return [
        PROJECT / "wsgi.py",
        *sorted((PROJECT / "fhir_facade").rglob("*.py")),
        *sorted((PROJECT / "plugins").rglob("*.py")),
    ]


def beside_the_code() -> list[Path]:
    """What is tested and measured with."""
    return [path for room in ("tests", "benchmarks") for path in (PROJECT / room).rglob("*.py")]


def test_no_file_is_longer_than_its_bar() -> None:
    long = {
        str(path.relative_to(PROJECT)): lines
        for path in [*code_files(), *beside_the_code()]
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES_OF_A_FILE
    }

    assert not long


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and number of lines of each function, its docstring left out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            first = node.body[0]
            is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            docstring = (first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0
            yield f"{path.relative_to(PROJECT)}:{node.name}", (node.end_lineno or 0) - node.lineno + 1 - docstring


def test_no_function_is_longer_than_its_bar() -> None:
    lengths = [length for path in code_files() for length in functions(path)]
    beside = [length for path in beside_the_code() for length in functions(path)]

    assert not [(name, lines) for name, lines in [*lengths, *beside] if lines > MOST_LINES_OF_A_FUNCTION]
    assert sorted(lines for _, lines in lengths)[len(lengths) // 2] <= 8, "the median function has grown"


@pytest.mark.parametrize("name", ["utils", "helpers", "manager", "common", "misc"])
def test_no_module_hides_behind_a_name_that_says_nothing(name: str) -> None:
    assert not [path for path in code_files() if name in path.stem.split("_")]


def listed_packages() -> set[str]:
    """The packages that setup.cfg puts into the wheel."""
    parser = configparser.ConfigParser()
    parser.read(PROJECT / "setup.cfg", encoding="utf-8")
    return set(parser["options"]["packages"].split())


def packages_on_disk() -> set[str]:
    """Every importable folder."""
    roots = [PROJECT, PROJECT / "plugins/claims", PROJECT / "plugins/identity"]
    return {
        ".".join(folder.relative_to(root).parts)
        for root in roots
        for folder in root.rglob("*")
        if (folder / "__init__.py").exists()
        and folder.relative_to(root).parts[0].startswith("fhir_facade")
        and ".venv" not in folder.parts
    }


def test_every_package_on_disk_is_in_the_wheel() -> None:
    assert listed_packages() == packages_on_disk()
