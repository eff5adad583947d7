"""Apache Spark in local mode writes the same copy as one process, byte for byte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fhir_facade.resources.database import replica_url
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
    members = 1_650 if full_counts else 13  # a hundred claims each, six lines a claim
    carrier.write(tmp_path / "files", members=members, claims=100)
    configured(tmp_path, "rif", 'folder = "files"')
    for engine in ("process", "spark"):
        done = facade(tmp_path, engine, "sync", "med", "--json", "--engine", engine)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["written"]["ExplanationOfBenefit"] == members * 100
    alone, sparked = (end_state(replica_url(None, tmp_path / engine)) for engine in ("process", "spark"))
    own_keys = (alone.pop("match_key"), sparked.pop("match_key"))  # each state folder hashes under a key of its own
    assert len(own_keys[0]) == len(own_keys[1]) == members
    assert sparked == alone
    assert not list((tmp_path / "spark").rglob("*.parquet")), "rows that waited are gone"


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
