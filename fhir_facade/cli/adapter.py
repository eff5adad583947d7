"""``fhir-facade adapter``: write an adapter of your own, and see what your data become."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from pathlib import Path

import click

from fhir_facade.app.quality import examine
from fhir_facade.app.syncing import source_named
from fhir_facade.cli.options import config_option, json_option, print_json, settings_of
from fhir_facade.conformance import skeleton
from fhir_facade.conformance.report import Report
from fhir_facade.conformance.report_page import as_html
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.plugin import CLAIMS_GROUP
from fhir_facade.contracts.sections import Settings, SourceSettings


@click.group()
def adapter() -> None:
    """Write an adapter of your own, and see what your data become."""


@adapter.command()
@click.argument("name")
@click.option("--title", help="The payer as people know it.")
@click.option("--folder", type=click.Path(path_type=Path), help="Folder to make; ./fhir-facade-claims-NAME by default.")
def new(name: str, title: str | None, folder: Path | None) -> None:
    """Write a complete adapter distribution called NAME; its tests pass at once."""
    place = folder or Path(f"fhir-facade-claims-{name}")
    if name in {point.name for point in entry_points(group=CLAIMS_GROUP)}:
        raise ConfigError([f"an adapter called {name} is installed; choose another name"])
    try:
        written = skeleton.write(name, place, title)
    except skeleton.NotAName as error:
        raise ConfigError([str(error)]) from error
    click.echo(f"{len(written)} files written. Next:\n\n  cd {place}\n  pip install -e '.[test]'\n  python -m pytest")


@adapter.command()
@config_option
@click.option("--source", help="Name of a [[claims]] entry; the only one by default.")
@click.option("--members", default=1000, show_default=True, type=click.IntRange(1), help="Most members to read.")
@click.option(
    "--member", "named", multiple=True, help="Id of a member to ask about, where the source cannot list them."
)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write the report as a page.")
@json_option
def check(
    config: Path | None, source: str | None, members: int, named: tuple[str, ...], html: Path | None, as_json: bool
) -> None:
    """Read a source, map it, and report what is filled, rejected, duplicated or slow; exits 1 when it is not ready."""
    settings = settings_of(config)
    report = examine(settings, chosen(settings, source), members, named)
    if html:
        html.write_text(as_html(report), encoding="utf-8")
    if as_json:
        print_json(report.as_dict())
    else:
        print_report(report, html)
    sys.exit(0 if report.passed else 1)


def chosen(settings: Settings, source: str | None) -> SourceSettings:
    """The source to check.

    Raises:
        ConfigError: there is none of that name, or several of which none is named.
    """
    if source is not None:
        return source_named(settings, source)
    if len(settings.claims) > 1:
        known = ", ".join(entry.name for entry in settings.claims)
        raise ConfigError([f"{settings.path.name} has several sources; name one with --source: {known}"])
    return settings.claims[0]


def print_report(report: Report, html: Path | None) -> None:
    """The report in a dozen lines."""
    counted = sum(report.claims.values())
    click.echo(f"{report.source}: {'ready to publish' if report.passed else 'not ready to publish'}")
    click.echo(f"  {len(report.member_ids):,} members, {counted:,} claims, {report.lost:,} left out")
    for sentence in report.obstacles():
        click.echo(f"  in the way: {sentence}")
    for title, counts in (
        ("set-up", dict.fromkeys(report.faults, 1)),
        ("unreadable", report.unreadable),
        ("rejected", report.rejected),
        ("broken promise", report.promises),
        ("does not add up", report.findings),
    ):
        for reason, count in list(counts.items())[:10]:
            click.echo(f"  {title}: {reason} ({count:,})")
    for kind, count in report.duplicate_identifiers().items():
        click.echo(f"  duplicate {kind}s: {count:,}")
    for reason, count in list(report.strange_codes.most_common(10)):
        click.echo(f"  codes nobody else knows: {reason} ({count:,})")
    for table, columns in report.unread.items():
        click.echo(f"  {table}: {len(columns)} columns fill nothing: {', '.join(columns)[:100]}")
    if times := report.page_times():
        click.echo(f"  a live page takes {times['median']} ms (median), {times['worst']} ms (worst)")
    if html:
        click.echo(f"  the whole report: {html}")
