"""Stretches of a source on Apache Spark: read and mapped by ``mapInArrow``, in local mode or on a cluster.

What comes out is what one process makes, byte for byte: the same plugin reads, the same ``Work`` maps. A stretch holds
whole members, so that nothing has to be shuffled. PySpark comes with the extra ``spark`` and is imported here alone.
"""

from __future__ import annotations

import os
import pickle
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fhir_facade.contracts.errors import ClaimsUnavailable, ConfigError, FacadeError
from fhir_facade.contracts.stretches import ReadsInStretches
from fhir_facade.sync.harvest import Harvest
from fhir_facade.sync.work import Work

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Opens = Callable[[], Any]
"""Opens the source; called wherever a stretch is read, so it must be possible to send it there."""

_ABSENT = "sync --engine spark needs more packages: pip install 'fhir-facade[spark]'; and Java 17 on every machine"
_STRETCHES = "place int, stretch string"
_HARVESTS = "place int, harvest binary"


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkCluster:
    """A Spark session for as long as it is needed.

    Args:
        master: where Spark runs: ``local[2]``, ``spark://…``, ``yarn``, ``k8s://…``.
        conf: further Spark properties.
        folder: where rows wait to be written; every machine of the cluster must see it.
        opens: opens the source.
    """

    master: str
    conf: Mapping[str, str]
    folder: Path
    opens: Opens

    def require(self) -> None:
        """Say so now where PySpark is not installed.

        Raises:
            ConfigError: it is not.
        """
        try:
            import pyarrow  # noqa: F401 - only whether it is there
            import pyspark  # noqa: F401
        except ImportError:
            raise ConfigError([_ABSENT]) from None

    def harvests(self, stretches: Sequence[str], work: Work) -> Iterator[Harvest]:
        """Every stretch, done; kept in the folder until it is handed out, so that memory stays flat.

        Raises:
            FacadeError: a stretch cannot be read or mapped, or Spark does not answer.
        """
        kept = self.folder / f"spark-{work.source}"
        shutil.rmtree(kept, ignore_errors=True)
        try:
            with self.session() as spark:
                made = self.frame(spark, stretches).mapInArrow(_Taking(self.opens, work), _HARVESTS)
                made.write.parquet(kept.resolve().as_uri())
            yield from _in_order(kept)
        finally:
            shutil.rmtree(kept, ignore_errors=True)

    @contextmanager
    def session(self) -> Iterator[SparkSession]:
        """A session; what Spark itself says is wrong becomes one sentence.

        Raises:
            ClaimsUnavailable: Spark cannot be started, or a job failed.
        """
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master(self.master).appName("fhir-facade sync")
        if self.master.startswith("local"):
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        for name, value in (_DEFAULTS | dict(self.conf)).items():
            builder = builder.config(name, value)
        session = None
        try:
            session = builder.getOrCreate()
            session.sparkContext.setLogLevel("ERROR")
            yield session
        except (Py4JError, PySparkException, RuntimeError) as error:
            happened = "cannot be started" if session is None else "did not do its work"
            raise ClaimsUnavailable(f"Spark at {self.master} {happened}: {_told(error, session is None)}") from error
        finally:
            if session is not None:
                session.stop()

    def frame(self, spark: SparkSession, stretches: Sequence[str]) -> DataFrame:
        """The stretches, one for each task: a lost task costs no more than one."""
        rows = spark.sparkContext.parallelize(list(enumerate(stretches)), max(1, len(stretches)))
        return spark.createDataFrame(rows, _STRETCHES)


def _told(error: Exception, starting: bool) -> str:
    """What Spark says, in a line: all of it where no record was read, else what failed without the words of a task."""
    java = getattr(error, "java_exception", None)
    try:
        name = java.getClass().getSimpleName() if java is not None else type(error).__name__
        words = java.getMessage() if java is not None else str(error)
    except Exception:  # the Java process is gone, and with it what it had to say
        return f"{type(error).__name__}; what Java said stands above"
    first = str(words or "").strip().partition("\n")[0] if starting else ""
    return f"{name}: {first}; what Spark said before stands above" if first else f"{name}; what Spark said stands above"


_DEFAULTS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.python.worker.reuse": "true",  # what a worker has learned of codes and doctors serves the next stretch
}


@dataclass(frozen=True, slots=True)
class _Taking:
    """What ``mapInArrow`` runs: Arrow batches of stretches in, Arrow batches of harvests out."""

    opens: Opens
    work: Work

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow

        for place, changes in read(self.opens, batches):
            done = pickle.dumps(self.work.done(changes), pickle.HIGHEST_PROTOCOL)
            yield pyarrow.RecordBatch.from_arrays(
                [pyarrow.array([place], pyarrow.int32()), pyarrow.array([done], pyarrow.binary())],
                names=["place", "harvest"],
            )


def read(opens: Opens, batches: Iterator[Any]) -> Iterator[tuple[int, Any]]:
    """The changes of every stretch in Arrow batches, with the stretch's place; the source is opened once."""
    source: ReadsInStretches = opens()
    for batch in batches:
        for row in batch.to_pylist():
            yield row["place"], source.read(row["stretch"])


def _in_order(folder: Path) -> Iterator[Harvest]:
    import pyarrow.parquet

    places = {}
    for path in sorted(folder.glob("*.parquet")):
        for number, place in enumerate(pyarrow.parquet.read_table(path, columns=["place"])["place"].to_pylist()):
            places[place] = (path, number)
    for _, (path, number) in sorted(places.items()):
        packed = pyarrow.parquet.read_table(path, columns=["harvest"])["harvest"][number].as_py()
        found = pickle.loads(packed)  # noqa: S301 - written by this very run, into a folder of its own
        if isinstance(found, FacadeError):
            raise found
        yield found
