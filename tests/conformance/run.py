"""Judges everything the facade emits, in every version of the guide, and ends with one line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.conformance.guides import GUIDES, Guide
from tests.conformance.judge import Tally
from tests.conformance.sources import Emitted, Source
from tests.conformance.validator import Validator, Verdict


def judge(validator: Validator, source: Source, tally: Tally, progress: Progress) -> None:
    """Add what the validator says of the source's resources under every guide."""
    for reason in source.rejected:
        tally.error(f"rejected by the source: {reason}", source.name)
    for guide in GUIDES:
        batch = list(_accepted(source.emit(guide), guide, tally))
        task = progress.add_task(f"{guide.name} {source.name}", total=len(batch))
        tally.add(_shown(validator.validate((guide.name, one.name, one.body) for one in batch), progress, task))
        if not progress.console.is_terminal:
            progress.console.print(f"{guide.name} {source.name}: {len(batch)} judged", highlight=False)


def _accepted(emitted: Iterable[Emitted], guide: Guide, tally: Tally) -> Iterator[Emitted]:
    for one in emitted:
        if one.rejection:
            tally.error(f"{guide.name} rejected: {one.rejection}", one.name)
        else:
            yield one


def _shown(verdicts: Iterable[Verdict], progress: Progress, task: object) -> Iterator[Verdict]:
    for verdict in verdicts:
        progress.advance(task)  # type: ignore[arg-type]
        yield verdict


def report(tally: Tally, out: Console) -> int:
    """Say what was found, the closing line last; 0 where nothing counts against us."""
    for what, example in sorted(tally.faults.items()):
        out.print(f"{what}\n    first seen in {example}", highlight=False, markup=False, soft_wrap=True)
    if tally.explained:
        out.print("Explained warnings, each with its reason in tests/conformance/known.toml:")
        for key, count in sorted(tally.explained.items()):
            out.print(f"  {count:>7,}  {key}", highlight=False, markup=False, soft_wrap=True)
    versions = {guide.carin for guide in GUIDES}
    least = min(tally.resources[guide.name] for guide in GUIDES)
    warnings = f", {tally.warnings:,} warnings without a reason" if tally.warnings else ""
    out.print(f"{least:,} resources × {len(versions)} versions: {tally.errors:,} errors{warnings}", highlight=False)
    return 0 if tally.blameless else 1


def run(sources: Iterable[Source]) -> int:
    """Judge the sources; 0 where nothing counts against us.

    Raises:
        CannotValidate: Java, Maven or packages are missing.
    """
    tally = Tally()
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    screen = Console(stderr=True)
    with Validator() as validator, Progress(*columns, console=screen, disable=not screen.is_terminal) as progress:
        for source in sources:
            judge(validator, source, tally, progress)
    return report(tally, Console(file=sys.stdout, width=160))
