"""Docs cannot rot: what people may set or type is documented, and the pages made from code equal the code.

``UPDATE_DOCS=1 pytest tests/test_docs.py`` writes the generated pages anew.
"""

from __future__ import annotations

import dataclasses
import os
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, get_args, get_type_hints

import click
import pytest

from fhir_facade.cli.main import main
from fhir_facade.contracts.plugin import CLAIMS_GROUP, IDENTITY_GROUP
from fhir_facade.settings import SECTIONS

DOCS = Path(__file__).resolve().parent.parent / "docs"

SETTINGS_HEAD = """# Settings

Generated from the settings classes; change the help text there. A config file is TOML. Unknown keys are errors, and
everything wrong with a file is reported in one message. Secrets never stand in the file: write `{ env = "NAME" }` or
`{ file = "path" }`. Relative paths are taken from the folder of the file. `FHIR_FACADE_CONFIG` names the file where
`--config` is absent; `FHIR_FACADE_STATE` names the state folder and wins over `server.state`.

Sources stand in `[[claims]]` entries (`name`, `adapter`, `mode` and the adapter's own table `[claims.<adapter>]`),
log-ins in `[identity]` (`provider`, or `providers` for several, and a table `[identity.<provider>]` each).
"""

HELP = main.context_settings["help_option_names"]
COMMANDS_HEAD = """# Command line

Generated from the commands. Exit codes: 0 ok, 1 failed, 2 wrong use. `--json` prints data for machines.
"""


def table_of(title: str, cls: type[Any]) -> str:
    """One settings class as a Markdown section."""
    hints = get_type_hints(cls)
    rows = [
        f"| `{f.name}` | {kind(hints[f.name])} | {default(f)} | {f.metadata['help']} |" for f in dataclasses.fields(cls)
    ]
    summary = (cls.__doc__ or "").strip().splitlines()[0]
    return "\n".join(
        [f"## {title}", "", summary, "", "| key | type | default | what it is |", "|---|---|---|---|", *rows, ""]
    )


def kind(hint: Any) -> str:
    """A type as an operator reads it."""
    text = str(hint)
    words = {"Secret": "secret", "Literal": "choice", "bool": "true/false", "int": "whole number", "Path": "path"}
    many = "list of " if text.startswith("tuple") else ""
    if any(dataclasses.is_dataclass(part) and part.__name__ != "Secret" for part in (hint, *get_args(hint))):
        return many + "table"
    return many + next((word for name, word in words.items() if name in text), "table" if "dict" in text else "text")


def default(spec: dataclasses.Field[Any]) -> str:
    """The default as it would stand in the file."""
    if spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING:
        return "required"
    value = spec.default if spec.default is not dataclasses.MISSING else spec.default_factory()  # type: ignore[misc]
    return (
        ""
        if value is None or value == () or value == {} or dataclasses.is_dataclass(value)
        else f"`{str(value).lower() if value in (True, False) else value}`"
    )


def plugin_tables() -> list[str]:
    """The settings of every bundled plugin."""
    groups = (("claims", CLAIMS_GROUP), ("identity", IDENTITY_GROUP))
    return [
        table_of(f"`[{section}.{point.name}]`", point.load().settings)
        for section, group in groups
        for point in sorted(entry_points(group=group), key=lambda point: point.name)
        if point.dist and point.dist.name == "fhir-facade"
    ]


def tables_of(section: str, cls: type[Any]) -> list[tuple[str, type[Any]]]:
    """The tables inside a section, with their full names."""
    hints = get_type_hints(cls).items()
    return [
        (f"{section}.{name}", one) for name, one in hints if dataclasses.is_dataclass(one) and isinstance(one, type)
    ]


def settings_page() -> str:
    """docs/settings.md."""
    named = [
        (name, cls) for section, top in SECTIONS.items() for name, cls in [(section, top), *tables_of(section, top)]
    ]
    sections = [table_of(f"`[{name}]`", cls) for name, cls in named]
    return "\n".join([SETTINGS_HEAD, *sections, *plugin_tables()]).rstrip() + "\n"


def commands() -> list[tuple[str, click.Command]]:
    """Every command and subcommand with its full name."""
    found: list[tuple[str, click.Command]] = []

    def walk(name: str, command: click.Command) -> None:
        if isinstance(command, click.Group):
            context = click.Context(command)
            for sub in command.list_commands(context):
                child = command.get_command(context, sub)
                assert child is not None
                walk(f"{name} {sub}", child)
        else:
            found.append((name, command))

    walk("fhir-facade", main)
    return found


def commands_page() -> str:
    """docs/command-line.md: the same in every terminal and whichever command ran before."""
    parts = [COMMANDS_HEAD]
    for name, command in commands():
        context = click.Context(command, info_name=name, terminal_width=78, help_option_names=HELP)
        parts += [f"## `{name}`", "", "```", command.get_help(context), "```", ""]
    return "\n".join(parts).rstrip() + "\n"


@pytest.mark.parametrize(("name", "page"), [("settings.md", settings_page), ("command-line.md", commands_page)])
def test_a_generated_page_equals_what_the_code_says(name: str, page: Any) -> None:
    path = DOCS / name
    if os.environ.get("UPDATE_DOCS"):
        path.write_text(page(), encoding="utf-8")

    assert path.read_text(encoding="utf-8") == page(), "run UPDATE_DOCS=1 pytest tests/test_docs.py"


def test_every_command_says_what_it_does() -> None:
    assert not [name for name, command in commands() if not command.help]


def test_every_bundled_plugin_has_a_page() -> None:
    missing = [
        point.name
        for group in (CLAIMS_GROUP, IDENTITY_GROUP)
        for point in entry_points(group=group)
        if point.dist and point.dist.name == "fhir-facade" and not (DOCS / "plugins" / f"{point.name}.md").exists()
    ]

    assert not missing


def test_every_link_between_pages_leads_somewhere() -> None:
    import re

    pages = [DOCS.parent / "README.md", *DOCS.rglob("*.md")]
    broken = [
        f"{page.relative_to(DOCS.parent)} → {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]

    assert not broken
