"""Sources are synced by the clock or by files that arrive, one that fails stops no other, and freshness is told."""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from fhir_facade.app import create_app, source_figures
from fhir_facade.app.databases import store_url
from fhir_facade.cli.main import main
from fhir_facade.cli.schedule import Alarms, look
from fhir_facade.serving.admin import Board, answer
from fhir_facade.settings import load
from fhir_facade.store import Store
from fhir_facade.store.standing import Standing
from fhir_facade.sync.schedule import parse

CONFIG = """
[server]
environment = "sandbox"
public_base = "http://localhost:8000"
[agency]
name = "Example"
contact = "help@example.org"
[[claims]]
name = "gone"
adapter = "tmsis"
schedule = "every 6 hours"
[claims.tmsis]
folder = "nowhere"
base = "https://claims.example.gov"
payer_name = "Gone"
[[claims]]
name = "state"
adapter = "tmsis"
schedule = "on files"
drop = "drop"
[claims.tmsis]
folder = "drop"
base = "https://claims.example.gov"
payer_name = "Example Medicaid"
[identity]
provider = "sandbox"
"""

BUSY = "source gone is being synced by process 4711; wait for it to finish, or stop it and start again"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FHIR_FACADE_STATE", str(tmp_path / "state"))
    (tmp_path / "facade.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "drop").mkdir()
    assert run("migrate", tmp_path / "facade.toml").exit_code == 0
    return tmp_path / "facade.toml"


def run(command: str, config: Path, *more: str) -> Result:
    return CliRunner().invoke(main, [command, "--config", str(config), *more])


def arrive(config: Path, minutes_ago: int = 5) -> None:
    """Files of the sandbox's members land in the drop folder."""
    drop = config.parent / "drop"
    made = CliRunner().invoke(main, ["tmsis", "generate", str(drop), "--members", "21"])
    assert made.exit_code == 0, made.output
    at = time.time() - minutes_ago * 60
    for path in drop.iterdir():
        os.utime(path, (at, at))


def test_syncing_all_goes_on_after_a_source_that_fails_and_says_which(config: Path) -> None:
    arrive(config)

    done = run("sync", config, "--all", "--json")

    assert done.exit_code == 1
    assert "gone: " in done.stderr
    assert "the other sources are synced all the same" in done.stderr
    failed, report = sorted((json.loads(line) for line in done.stdout.splitlines()), key=lambda one: one["source"])
    assert failed["source"] == "gone"
    assert failed["error"] in done.stderr
    assert (report["source"], report["written"]["Patient"]) == ("state", 21)


def test_a_source_that_another_process_syncs_is_named_and_stops_no_other(config: Path) -> None:
    arrive(config)
    state = config.parent / "state"
    config.write_text(CONFIG.replace('"nowhere"', '"drop"'), encoding="utf-8")
    with (state / "sync-gone.lock").open("w") as lock:
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        alone = run("sync", config, "gone")
        everything = run("sync", config, "--all")
        scheduled = run("schedule", config, "--once")

    assert alone.stderr.endswith(f"Error: {BUSY}\n")
    assert f"gone: {BUSY}; the other sources are synced all the same" in everything.stderr
    assert "state:\n  written: 21 Patient" in everything.stdout
    assert f"gone: failed: {BUSY}" in scheduled.stderr
    store = Store(store_url(load(config)))
    assert not Standing(store).runs("gone", 10)
    store.close()


def test_files_that_arrive_are_synced_once_and_the_source_that_fails_raises_the_alarm(config: Path) -> None:
    empty = run("schedule", config, "--once")
    arrive(config)
    first = run("schedule", config, "--once")
    second = run("schedule", config, "--once")

    assert "ALARM state: data are later than one business day (never published)" in empty.stderr
    assert re.search(r"^state: [1-9][\d,]* written, 0 deleted, 0 rejected", first.stdout, re.M)
    assert "state:" not in second.stdout
    for done in (first, second):
        assert done.exit_code == 1
        assert "gone: failed: " in done.stderr
        assert "ALARM gone: " in done.stderr
        assert "ALARM state" not in done.stderr


def test_files_that_keep_an_old_date_are_synced_when_they_arrive(config: Path) -> None:
    arrive(config)
    assert run("sync", config, "state").exit_code == 0
    nothing = run("schedule", config, "--once")
    arrive(config, minutes_ago=60 * 24 * 30)
    came = run("schedule", config, "--once")
    for file in (config.parent / "drop").glob("claim-rx*"):
        file.rename(config.parent / "taken away")
    left = run("schedule", config, "--once")

    assert "state:" not in nothing.stdout
    assert re.search(r"^state: 0 written, 0 deleted, 0 rejected", came.stdout, re.M)
    assert "state:" not in left.stdout


def test_a_good_run_stays_one_where_its_files_cannot_be_remembered(
    config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    arrive(config)
    (config.parent / "state" / "arrived").touch()

    assert run("sync", config, "state").exit_code == 0
    assert "which files were read is not remembered" in caplog.text


def test_syncing_all_names_each_source_and_says_when_there_is_none(config: Path) -> None:
    arrive(config)
    named = run("sync", config, "--all")
    config.write_text(CONFIG.replace('adapter = "tmsis"', 'adapter = "tmsis"\nmode = "live"'), encoding="utf-8")
    none = run("sync", config, "--all")

    assert "state:\n  written: 21 Patient" in named.stdout
    assert "no source is served from its copy" in none.stderr


def test_a_run_that_got_nothing_says_so(config: Path) -> None:
    empty = run("sync", config, "state")
    arrive(config)
    full = run("sync", config, "state")

    assert "nothing was handed over: nothing is new, or the source is empty" in empty.stdout
    assert "nothing was handed over" not in full.stdout


def test_data_that_were_published_days_ago_raise_the_alarm(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arrive(config)
    assert run("sync", config, "state").exit_code == 0

    look(load(config), "state", parse("on files"), datetime.now(UTC) + timedelta(days=5))

    assert re.search(
        r"^ALARM state: data are later than one business day \(last published \d{4}-\d\d-\d\d \d\d:\d\d UTC\)$",
        capsys.readouterr().err, re.M,
    )  # fmt: skip


def test_a_copy_that_cannot_be_read_is_told_and_stops_nothing(config: Path) -> None:
    (config.parent / "state/replica.sqlite").write_bytes(b"no database" * 1_000)

    assert look(load(config), "state", parse("every 1 day"), datetime.now(UTC)) is False


def test_the_alarm_is_raised_once_an_hour_not_at_every_look(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings, alarms, now = load(config), Alarms(), datetime.now(UTC)

    for minutes in (0, 1, 59, 61):
        look(settings, "state", parse("on files"), now + timedelta(minutes=minutes), alarms)

    assert capsys.readouterr().err.count("ALARM state") == 2


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('drop = "drop"', 'drop = "nothing"', "drop must name the folder that files arrive in"),
        ('drop = "drop"\n', "", "drop is missing; it names the folder that files arrive in"),
        ('"on files"', '"now and then"', "write \"every 15 minutes\""),
        ('adapter = "tmsis"\nschedule = "every', 'adapter = "tmsis"\nmode = "live"\nschedule = "every', "served live"),
    ],
)  # fmt: skip
def test_a_schedule_that_can_never_come_true_is_refused_at_the_start_and_named_by_check(
    config: Path, old: str, new: str, fault: str
) -> None:
    config.write_text(CONFIG.replace(old, new), encoding="utf-8")

    done = run("schedule", config, "--once")

    assert done.exit_code == 2
    assert fault in done.stderr
    assert done.stderr in run("check", config).stderr


@pytest.mark.parametrize(("kind", "notes"), [("medicaid-id", 0), ("medicaid", 2)])
def test_check_names_sources_whose_members_cannot_be_joined_with_others(config: Path, kind: str, notes: int) -> None:
    config.write_text(CONFIG + f'crosswalk = "{kind}"\n', encoding="utf-8")

    told = run("check", config).stderr

    lacking = (
        "its members carry medicaid-id, mbi, no medicaid: identity.crosswalk joins none of them with other sources"
    )
    assert told.count(lacking) == notes


def metrics(config: Path) -> dict[str, float]:
    """Figures of the source ``state`` and whether ``gone`` is late, as Prometheus reads them."""
    status, _, body = answer("/metrics", Board(), {}, source_figures(load(config)))
    assert status == 200
    found = re.findall(r'^fhir_facade_source_(\w+)\{source="(\w+)"\} (\S+)$', body.decode(), re.M)
    return {f"{source} {name}": float(number) for name, source, number in found}


def test_freshness_is_on_the_status_page_in_the_capability_statement_and_a_metric(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    arrive(config)
    assert run("sync", config, "state").exit_code == 0
    client = create_app(load(config)).test_client()

    told = {one["source"]: one for one in client.get("/status.json").get_json()["sources"]}
    documentation = client.get("/fhir/metadata").get_json()["rest"][0]["documentation"]
    figures = metrics(config)

    unknown = {"data_through": None, "received": None, "published": None}
    assert told["gone"] == {"source": "gone", **unknown, "late": True, "answers": False}
    assert told["state"]["late"] is False
    through, published = told["state"]["data_through"][:10], told["state"]["published"][:10]
    assert f"Source state: data through {through}, received {published}, published {published}." in documentation
    assert "Source gone: how fresh its data is is not known." in documentation.replace("are", "is")
    assert through in client.get("/status").get_data(as_text=True)
    assert figures["state late"] == 0
    assert figures["gone late"] == 1
    assert figures["state published_timestamp_seconds"] == pytest.approx(time.time(), abs=120)
    assert figures["state data_through_timestamp_seconds"] < time.time()


def test_a_copy_that_cannot_be_read_has_no_figures(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    engine = sa.create_engine(f"sqlite:///{config.parent / 'state/replica.sqlite'}")
    with engine.begin() as connection:
        for table in sa.inspect(connection).get_table_names():
            connection.execute(sa.text(f'DROP TABLE "{table}"'))
    engine.dispose()

    assert metrics(config) == {}
