"""``fhir-facade audit``: the trail of who did what."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fhir_facade.app.databases import require_current_store
from fhir_facade.app.staff import checked_trail
from fhir_facade.cli.options import config_option, json_option, print_json, settings_of


@click.group()
def audit() -> None:
    """Verify the audit trail."""


@audit.command()
@config_option
@json_option
def verify(config: Path | None, as_json: bool) -> None:
    """Hold every line against the one before and every anchor against its line; exits 1 when one was changed."""
    settings = settings_of(config)
    require_current_store(settings)
    report = checked_trail(settings)
    last = {"number": report.last_anchor[0], "seal": report.last_anchor[1]} if report.last_anchor else None
    if as_json:
        counts = {"lines": report.lines, "chains": report.chains, "anchors": report.anchors}
        print_json(counts | {"last_anchor": last, "faults": list(report.faults)})
    else:
        for fault in report.faults:
            click.echo(fault, err=True)
        click.echo(f"{report.lines} lines in {report.chains} chains, {report.anchors} anchors")
        if last:
            click.echo(f"last anchor: {last['number']} {last['seal']}   (keep it elsewhere: it shows a cut-off end)")
    sys.exit(1 if report.faults else 0)
