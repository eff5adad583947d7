"""``fhir-facade sync``: fill the copy from a claims source."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from fhir_facade.app.databases import create_new_files, require_current_schemas
from fhir_facade.app.exporting import export_source
from fhir_facade.app.syncing import sync_source
from fhir_facade.cli.options import config_option, json_option, print_json, settings_of
from fhir_facade.contracts.errors import FacadeError
from fhir_facade.contracts.sections import Settings
from fhir_facade.sync.courtesy import give_way
from fhir_facade.sync.exporting import REJECTED, Output
from fhir_facade.sync.plan import cores
from fhir_facade.sync.report import SyncReport


@click.command()
@click.argument("source", required=False)
@click.option("--all", "every", is_flag=True, help="Sync every source that is served from its copy.")
@config_option
@json_option
@click.option(
    "--allow-removals",
    is_flag=True,
    help="Accept that a complete source names less than half of the members or claims, or could not be read whole.",
)
@click.option(
    "--workers",
    default=None,
    show_default="all cores",
    type=click.IntRange(1, 64),
    help="Processes that map; 1 for one in all.",
)
@click.option(
    "--engine",
    default="process",
    show_default=True,
    type=click.Choice(["process", "spark"]),
    help="What reads and maps: processes here, or Apache Spark as [sync.spark] says.",
)
@click.option(
    "--output",
    metavar="ndjson:FOLDER|parquet:FOLDER",
    help="With --engine spark: write all of SOURCE as files, and leave the copy as it is.",
)
def sync(
    source: str | None,
    every: bool,
    config: Path | None,
    as_json: bool,
    allow_removals: bool,
    workers: int | None,
    engine: str,
    output: str | None,
) -> None:
    """Bring the copy of SOURCE up to date; exits 1 when records were rejected, and says where they are listed."""
    give_way()
    settings = settings_of(config)
    if (source is None) != every:
        raise click.UsageError("name one source, or give --all")
    spark = is_spark(engine, workers)
    if output is not None:
        write_files(settings, source, output, spark=spark, as_json=as_json)
        return
    create_new_files(settings)
    require_current_schemas(settings)
    once = partial(run, settings, allow_removals=allow_removals, workers=workers or 0, spark=spark)
    reports, failed = every_one(settings, once, as_json=as_json) if every else ([once(str(source))], False)
    for report in reports:
        if as_json:
            print_json(report.as_dict())
        else:
            print_report(report, titled=every)
        if report.rejected:
            click.echo(f"{report.rejected:,} records were rejected; they are listed in {report.rejects}", err=True)
    sys.exit(1 if failed or any(report.rejected for report in reports) else 0)


def every_one(settings: Settings, once: Callable[[str], SyncReport], *, as_json: bool) -> tuple[list[SyncReport], bool]:
    """Sync each source that is served from its copy; the reports, and whether one failed."""
    names = [entry.name for entry in settings.claims if entry.mode == "replica"]
    reports, failed = [], False
    for name in names:
        try:
            reports.append(once(name))
        except FacadeError as error:
            click.echo(f"{name}: {error}; the other sources are synced all the same", err=True)
            if as_json:
                print_json({"source": name, "error": str(error)})
            failed = True
    if not names:
        click.echo("no source is served from its copy: there is nothing to sync", err=True)
    return reports, failed


def is_spark(engine: str, workers: int | None) -> bool:
    """Whether Spark reads and maps, which has processes of its own."""
    if engine == "spark" and workers is not None:
        raise click.UsageError("--workers is of --engine process; Spark has as many as [sync.spark] master says")
    return engine == "spark"


def run(
    settings: Settings, source: str, *, allow_removals: bool = False, workers: int = 0, spark: bool = False
) -> SyncReport:
    """Sync one source with a progress bar on standard error; 0 workers: as many as there are cores."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}, {task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=False) as bar:
        task = bar.add_task(source, total=None, unit="", rate="")

        def show(done: int, total: int | None, unit: str) -> None:
            speed = bar.tasks[task].speed
            rate = f"{speed:,.0f}/s" if speed else ""
            bar.update(task, completed=done, total=total, unit=unit, rate=rate)

        return sync_source(
            settings, source, show, allow_removals=allow_removals, workers=workers or cores(), spark=spark
        )


def write_files(settings: Settings, source: str | None, output: str, *, spark: bool, as_json: bool) -> None:
    """The whole source as files; exits 1 when records were rejected."""
    if source is None or not spark:
        raise click.UsageError("--output needs one source and --engine spark")
    counts = export_source(settings, source, Output.parse(output))
    rejected = counts.pop(REJECTED, 0)
    if as_json:
        print_json({"source": source, "output": output, "written": counts, "rejected": rejected})
    else:
        for name, count in sorted(counts.items()):
            click.echo(f"{name}: {count:,}")
        click.echo(f"{REJECTED}: {rejected:,}")
    sys.exit(1 if rejected else 0)


def print_report(report: SyncReport, *, titled: bool = False) -> None:
    """What a run did, for people; ``titled`` where several were synced."""
    if titled:
        click.echo(f"{report.source}:")
    for what in ("written", "unchanged", "deleted"):
        counts = report.as_dict()[what]
        listed = ", ".join(f"{count:,} {kind}" for kind, count in counts.items()) or "nothing"
        click.echo(f"{what:>9}: {listed}")
    click.echo(f" rejected: {report.rejected:,}")
    if report.spared:
        click.echo(
            f"   spared: {report.spared:,} that the source did not name: records could not be read, so nobody knows"
        )
    for found in report.noticed.as_list():
        click.echo(f"  noticed: {counted(found['claims'])}: {found['finding']} (first in {found['first']})")
    if not (report.written or report.unchanged or report.deleted or report.rejected):
        click.echo(
            "  noticed: nothing was handed over: nothing is new, or the source is empty; adapter check says which"
        )
    click.echo(f"  seconds: {report.seconds:.1f}")


def counted(claims: int) -> str:
    """So many claims, in words."""
    return "1 claim" if claims == 1 else f"{claims:,} claims"
