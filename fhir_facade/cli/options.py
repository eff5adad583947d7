"""Options that several commands share, and the two ways they print."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.sections import Settings
from fhir_facade.settings import CONFIG_VARIABLE, load

F = TypeVar("F", bound=Callable[..., Any])


def config_option(command: F) -> F:
    """``--config FILE``, or the file that FHIR_FACADE_CONFIG names."""
    return click.option(
        "--config",
        "config",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar=CONFIG_VARIABLE,
        help=f"Config file (TOML); {CONFIG_VARIABLE} names it where the option is absent.",
    )(command)


def json_option(command: F) -> F:
    """``--json``: data for machines on standard output, nothing else there."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(command)


def settings_of(config: Path | None) -> Settings:
    """The settings of the chosen file.

    Raises:
        ConfigError: no file was chosen, or it is wrong.
    """
    if config is None:
        raise ConfigError([f"no config file: give --config FILE, or set {CONFIG_VARIABLE}"])
    return load(config)


def print_json(value: Any) -> None:
    """One line of JSON on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table for people; what stands in it is text, also where it has square brackets."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console().print(table)


def console() -> Console:
    """Standard output for people; wide where nobody watches, so that nothing is cut in a pipe."""
    return Console(width=None if os.isatty(1) else 160)


def print_rows(as_json: bool, title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """The same rows as JSON or as a table; ``columns`` are the keys shown to people."""
    if as_json:
        print_json([dict(row) for row in rows])
    else:
        print_table(title, columns, [[words(row.get(column)) for column in columns] for row in rows])


def print_told(told: Mapping[str, Any], indent: str = "") -> None:
    """Names and values for people, one a line; what stands inside a value is indented under it."""
    for name, value in told.items():
        if isinstance(value, Mapping):
            click.echo(f"{indent}{name}:")
            print_told(value, indent + "  ")
        else:
            click.echo(f"{indent}{name}: {words(value, ', ')}".rstrip())


def words(value: Any, between: str = "\n") -> str:
    """A value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return between.join(map(words, value)) if isinstance(value, (list, tuple)) else str(value)
