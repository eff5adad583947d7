"""A whole source as files instead of rows: read and mapped on Apache Spark, the same bytes that the copy keeps.

One folder for each type, as Spark's partitions are called: ``type=Patient/``. NDJSON holds one resource a line; Parquet
holds its id, the Patient it is about and its version beside it. What could not be mapped stands under
``type=rejected``. A resource that several members share is written once, as it was named last.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from fhir_facade.contracts.claims import Removed, RemovedKind
from fhir_facade.contracts.errors import ClaimsInvalid, ClaimsUnavailable, ConfigError, FacadeError
from fhir_facade.resources.schema import NAMES, SHARED
from fhir_facade.sync.batch import Batch
from fhir_facade.sync.harvest import Harvest
from fhir_facade.sync.prepare import Prepared
from fhir_facade.sync.removal import removed_place
from fhir_facade.sync.spark import Opens, SparkCluster, read
from fhir_facade.sync.work import Work

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Format = Literal["ndjson", "parquet"]
REJECTED = "rejected"

_COLUMNS = ("type", "id", "patient", "version", "resource", "place")
_SCHEMA = "type string, id string, patient string, version string, resource string, place int"

Row = tuple[str, str, str, str, str]
"""Type, id, Patient id, version, JSON."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where files go, and what they hold."""

    format: Format
    folder: Path

    @classmethod
    def parse(cls, text: str) -> Output:
        """``ndjson:FOLDER`` or ``parquet:FOLDER``.

        Raises:
            ConfigError: it is neither, or the folder is there already.
        """
        kind, _, folder = text.partition(":")
        if kind not in get_args(Format) or not folder:
            raise ConfigError([f"--output {text}: write ndjson:FOLDER or parquet:FOLDER"])
        if Path(folder).exists():
            raise ConfigError([f"--output {text}: the folder is there already; name a new one"])
        return cls("ndjson" if kind == "ndjson" else "parquet", Path(folder).resolve())

    @contextmanager
    def made(self) -> Iterator[None]:
        """The folder for as long as files are written; where that fails nothing of it stays.

        Raises:
            ConfigError: it cannot be made.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True)
        except OSError as error:
            raise ConfigError([f"--output: {self.folder} cannot be made ({error.strerror})"]) from error
        try:
            yield
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise


def export(cluster: SparkCluster, stretches: Sequence[str], work: Work, output: Output) -> dict[str, int]:
    """Write every resource of the stretches; how many of each type, and how many records were rejected.

    Raises:
        FacadeError: a stretch cannot be read or mapped, two members have one Patient id, or Spark does not answer.
    """
    with output.made(), cluster.session() as spark:
        return _written(cluster.frame(spark, stretches), _Rendering(cluster.opens, work), output)


def _written(stretches: DataFrame, taking: _Rendering, output: Output) -> dict[str, int]:
    from pyspark import StorageLevel

    made = stretches.mapInArrow(taking, _SCHEMA).persist(StorageLevel.DISK_ONLY)
    _refuse_faults(made)
    whole = _once(made)
    columns = ("type", "resource") if output.format == "ndjson" else _COLUMNS[:-1]
    writer = whole.select(*columns).write.partitionBy("type").mode("append")
    (writer.text if output.format == "ndjson" else writer.parquet)(output.folder.as_uri())
    return {row["type"]: row["count"] for row in whole.groupBy("type").count().collect()}


def _once(made: DataFrame) -> DataFrame:
    """Shared resources once each; all others as they are: no member's records lie in two stretches."""
    from pyspark.sql.functions import col, max_by

    shared = [NAMES[number] for number in SHARED]
    latest = [max_by(name, "place").alias(name) for name in ("patient", "version", "resource")]
    named = made.where(col("type").isin(shared)).groupBy("type", "id").agg(*latest)
    own = made.where(~col("type").isin(shared)).select(*_COLUMNS[:-1])
    return own.unionByName(named)


def _refuse_faults(made: DataFrame) -> None:
    """Two members under one Patient id would become one person: nothing is written then."""
    from pyspark.sql.functions import col

    fault = made.where(col("type") == _FAULT).select("resource").limit(1).collect()
    if fault:
        raise ClaimsUnavailable(f"nothing was written: {fault[0]['resource']}")
    people = made.where(col("type") == "Patient").groupBy("id").count().where(col("count") > 1).limit(1).collect()
    if people:
        raise ClaimsInvalid("shared-patient", "two members of the source have the same Patient id")


_FAULT = "fault"


@dataclass(frozen=True, slots=True)
class _Rendering:
    """What ``mapInArrow`` runs: Arrow batches of stretches in, Arrow batches of resources out."""

    opens: Opens
    work: Work

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow

        for place, changes in read(self.opens, batches):
            rows = rows_of(self.work.done(changes), self.work.source)
            columns = [pyarrow.array(column, pyarrow.string()) for column in zip(*rows, strict=True)]
            if columns:
                columns.append(pyarrow.array([place] * len(rows), pyarrow.int32()))
                yield pyarrow.RecordBatch.from_arrays(columns, names=list(_COLUMNS))


def rows_of(found: Harvest | FacadeError, source: str) -> list[Row]:
    """What a stretch gives: its resources but those that it removes again, its rejects, or why it cannot be read."""
    if isinstance(found, FacadeError):
        return [(_FAULT, "", "", "", str(found))]
    rows: dict[tuple[str, str, str], Row] = {}
    rejects: list[Row] = []
    for batch in found.batches:
        rows |= _rows(batch)
        for removed in batch.removed:
            rows = {key: row for key, row in rows.items() if not _removes(removed, key, source)}
        rejects += [(REJECTED, "", "", "", _reject(*reject)) for reject in batch.rejects]
    return [*rows.values(), *rejects]


def _rows(batch: Batch) -> dict[tuple[str, str, str], Row]:
    found = {("", each.name, each.id): _row(each, "") for each in batch.shared.values()}
    for member in batch.members.values():
        found |= {(member.local, each.name, each.id): _row(each, member.patient) for each in member.rows.values()}
    return found


def _row(prepared: Prepared, patient: str) -> Row:
    body, _ = prepared.sample()
    return (prepared.name, prepared.id, patient, prepared.version, body.decode())


def _removes(removed: Removed, key: tuple[str, str, str], source: str) -> bool:
    member, name, identifier = key
    if removed.member_id != member:
        return False
    if removed.kind is RemovedKind.MEMBER:
        return removed.record_id == member
    number, gone = removed_place(removed, source)
    return (NAMES[number], gone) == (name, identifier)


def _reject(file: str, line: str, reason: str) -> str:
    return json.dumps({"file": file, "line": line, "reason": reason})
