"""Apache Spark in local mode, and several processes, write the same copy as one process, byte for byte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fhir_facade.contracts.errors import ConfigError
from fhir_facade.resources.database import replica_url
from fhir_facade.sync.exporting import Output
from tests.peers.postgresql import Server
from tests.plugins.rif import carrier
from tests.sync.test_killed import end_state

CONFIG = """
[server]
environment = "sandbox"
public_base = "http://localhost:8000"

[agency]
name = "Test Plan"

[sync.spark]
master = "local[2]"
conf = {{ "spark.driver.memory" = "1g" }}

[[claims]]
name = "med"
adapter = "{adapter}"
mode = "replica"

[claims.{adapter}]
{options}

[identity]
provider = "sandbox"
"""


def facade(folder: Path, state: str, *command: str) -> subprocess.CompletedProcess[str]:
    variables = os.environ | {"FHIR_FACADE_STATE": str(folder / state)}
    program = [str(Path(sys.executable).with_name("fhir-facade")), *command, "--config", str(folder / "config.toml")]
    return subprocess.run(program, capture_output=True, text=True, env=variables, timeout=7200)


def configured(folder: Path, adapter: str, options: str) -> None:
    (folder / "config.toml").write_text(CONFIG.format(adapter=adapter, options=options))


@pytest.mark.peer("spark")
def test_spark_writes_the_same_copy_as_one_process(tmp_path: Path, full_counts: bool) -> None:
    members = 1_700 if full_counts else 13  # a hundred claims each, six lines a claim: a million lines
    carrier.write(tmp_path / "files", members=members, claims=100)
    configured(tmp_path, "rif", 'folder = "files"')
    for engine in ("process", "spark"):
        done = facade(tmp_path, engine, "sync", "med", "--json", "--engine", engine)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert report["written"]["ExplanationOfBenefit"] == members * 100
        print(f"{engine}: {members * 100:,} claims in {report['seconds']:.0f} s")
    alone, sparked = (end_state(replica_url(None, tmp_path / engine)) for engine in ("process", "spark"))
    own_keys = (alone.pop("match_key"), sparked.pop("match_key"))  # each state folder hashes under a key of its own
    assert len(own_keys[0]) == len(own_keys[1]) == members
    assert sparked == alone
    assert not list((tmp_path / "spark").rglob("*.parquet")), "rows that waited are gone"


@pytest.mark.parametrize(
    "how", [("--workers", "2"), pytest.param(("--engine", "spark"), marks=pytest.mark.peer("spark"))]
)
def test_several_read_the_files_of_a_state_as_one_does(tmp_path: Path, how: tuple[str, ...]) -> None:
    program = str(Path(sys.executable).with_name("fhir-facade"))
    subprocess.run([program, "tmsis", "generate", str(tmp_path / "files"), "--members", "60"], check=True)
    configured(tmp_path, "tmsis", 'folder = "files"\nbase = "https://claims.example.gov"')
    for state, told in (("alone", ("--workers", "1")), ("several", how)):
        done = facade(tmp_path, state, "sync", "med", *told)
        assert done.returncode == 0, done.stderr
    alone, several = (end_state(replica_url(None, tmp_path / state)) for state in ("alone", "several"))
    assert len(alone.pop("match_key")) == len(several.pop("match_key"))
    assert len(alone["resource"]) > 2_000
    assert several == alone
    assert not list((tmp_path / "several").rglob("*staging*"))


@pytest.mark.peer("spark")
@pytest.mark.parametrize("kind", ["ndjson", "parquet"])
def test_spark_writes_files_of_the_resources_that_one_process_keeps(tmp_path: Path, kind: str) -> None:
    carrier.write(tmp_path / "files", members=12, claims=100)
    configured(tmp_path, "rif", 'folder = "files"')
    assert facade(tmp_path, "process", "sync", "med").returncode == 0
    command = ("sync", "med", "--engine", "spark", "--output", f"{kind}:{tmp_path / 'out'}")
    done = facade(tmp_path, "spark", *command, "--json")
    assert done.returncode == 0, done.stderr
    kept = sorted(row[-1] for row in end_state(replica_url(None, tmp_path / "process"))["resource"])
    assert sorted(_written(tmp_path / "out", kind)) == kept
    found = json.loads(done.stdout)
    assert (found["written"]["ExplanationOfBenefit"], found["rejected"]) == (1_200, 0)
    again = facade(tmp_path, "spark", *command)
    assert "the folder is there already" in again.stderr


def _written(folder: Path, kind: str) -> list[bytes]:
    if kind == "ndjson":
        return [line for path in folder.rglob("*.txt") for line in path.read_bytes().splitlines()]
    import pyarrow.parquet

    found = (pyarrow.parquet.read_table(path, partitioning=None) for path in folder.rglob("*.parquet"))
    return [text.encode() for table in found for text in table["resource"].to_pylist()]


@pytest.mark.peer("spark", "postgresql")
def test_spark_fills_a_copy_in_postgresql_as_one_process_does(tmp_path: Path, postgresql: Server) -> None:
    carrier.write(tmp_path / "files", members=13, claims=100)
    ends = []
    for engine in ("process", "spark"):
        url = postgresql.database()
        (tmp_path / "url").write_text(url)
        configured(tmp_path, "rif", 'folder = "files"\n[replica]\nurl = { file = "url" }')
        assert facade(tmp_path, engine, "migrate").returncode == 0
        done = facade(tmp_path, engine, "sync", "med", "--engine", engine)
        assert done.returncode == 0, done.stderr
        ends.append(end_state(replica_url(url, tmp_path)))
    assert len(ends[0].pop("match_key")) == len(ends[1].pop("match_key")) == 13
    assert ends[0] == ends[1]


def test_without_pyspark_the_command_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    configured(tmp_path, "rif", 'folder = "files"')
    hidden = "import sys; sys.modules['pyspark'] = None"
    program = f"{hidden}; from fhir_facade.cli import main; main()"
    variables = os.environ | {"FHIR_FACADE_STATE": str(tmp_path / "state")}
    arguments = ["sync", "med", "--engine", "spark", "--config", str(tmp_path / "config.toml")]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, env=variables)
    assert done.returncode != 0
    assert "pip install 'fhir-facade[spark]'" in done.stderr


def test_a_source_that_cannot_be_cut_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "claims").mkdir()
    configured(tmp_path, "x12", 'folder = "claims"\npayer_name = "Plan"\npayer_id = "1"')
    done = facade(tmp_path, "state", "sync", "med", "--engine", "spark")
    assert done.returncode != 0
    assert "cannot be read in stretches" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.peer("spark")
@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ('master = "nonsense"', "Spark at nonsense cannot be started: "),
        ('conf = { "spark.driver.memory" = "lots" }', "Spark at local[*] cannot be started: "),
        ('folder = "/proc/nowhere"', "the folder /proc/nowhere/med for temporary files of med cannot be made"),
    ],
)
def test_what_keeps_spark_from_starting_is_said_in_a_sentence(tmp_path: Path, setting: str, told: str) -> None:
    carrier.write(tmp_path / "files", members=12, claims=100)
    configured(tmp_path, "rif", 'folder = "files"')
    text = (tmp_path / "config.toml").read_text()
    other = [line for line in text.splitlines() if not line.startswith(("master", "conf"))]
    other.insert(other.index("[sync.spark]") + 1, setting)
    (tmp_path / "config.toml").write_text("\n".join(other))
    done = facade(tmp_path, "state", "sync", "med", "--engine", "spark")
    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_number_of_processes_is_not_passed_over_where_spark_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    configured(tmp_path, "rif", 'folder = "files"')
    done = facade(tmp_path, "state", "sync", "med", "--engine", "spark", "--workers", "3")
    assert done.returncode == 2
    assert "--workers is of --engine process" in done.stderr


def test_a_folder_for_files_is_made_before_anything_is_read() -> None:
    with pytest.raises(ConfigError, match="/proc/nowhere cannot be made"), Output.parse("ndjson:/proc/nowhere").made():
        pytest.fail("files would be written into nothing")


def test_nothing_stays_of_files_that_cannot_be_written_whole(tmp_path: Path) -> None:
    def fail(half: Path) -> None:
        half.touch()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), Output.parse(f"ndjson:{tmp_path / 'out'}").made():
        fail(tmp_path / "out" / "half")
    assert not (tmp_path / "out").exists()
