"""``fhir-facade tmsis``: files of the format that states send to CMS, to try the whole path with."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from fhir_facade.cli.options import json_option, print_json
from fhir_facade.contracts.claims import ExtractSource
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.plugin import CLAIMS_GROUP, ClaimsPlugin
from fhir_facade.contracts.sections import SourceSettings
from fhir_facade.plugins import find, open_source


@click.group()
def tmsis() -> None:
    """T-MSIS files: write some from the sandbox's members."""


@tmsis.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--members", default=40, show_default=True, help="How many invented members; 21 at least.")
@click.option(
    "--encoding", type=click.Choice(["flf", "psv"]), default="flf", show_default=True, help="Fixed-length or pipes."
)
@click.option("--layout", default="2", show_default=True, help="Dictionary version, as its layout file is named.")
@click.option(
    "--layouts",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of further layout files.",
)
@click.option("--state", default="06", show_default=True, help="Federal (FIPS) number of the state.")
@click.option("--created", default="2026-10-31", show_default=True, help="Day on which the files are made.")
@json_option
def generate(
    folder: Path,
    members: int,
    encoding: str,
    layout: str,
    layouts: Path | None,
    state: str,
    created: str,
    as_json: bool,
) -> None:
    """Write the sandbox's members and claims as T-MSIS files into FOLDER."""
    plugin: ClaimsPlugin = find(CLAIMS_GROUP, "tmsis")
    if plugin.write is None:
        raise ConfigError(["the installed plugin tmsis cannot write files; update it"])
    options = {"encoding": encoding, "layout": layout, "state": state, "created": created}
    if layouts:
        options["layouts"] = str(layouts)
    claims = plugin.write(_sandbox(members).changes(None), folder, options)
    if as_json:
        print_json({"folder": str(folder), "claims": claims})
    else:
        click.echo(f"{claims} claims written to {folder}")


def _sandbox(members: int) -> ExtractSource:
    entry = SourceSettings(name="synthetic", adapter="synthetic", mode="replica", options={"members": members})
    source = open_source(entry, Path(), Path(tempfile.mkdtemp(prefix="fhir-facade-")))
    if not isinstance(source, ExtractSource):
        raise ConfigError(["the installed plugin synthetic hands nothing over; update it"])
    return source
