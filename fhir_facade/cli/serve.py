"""``fhir-facade serve``: the whole facade, in forked workers that share one socket."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from socket import socket
from threading import Event, Thread

import click

from fhir_facade.app import (
    create_app,
    named,
    readiness_checks,
    require_current_schemas,
    share_counts,
    source_figures,
    unserved,
)
from fhir_facade.cli.options import config_option, settings_of
from fhir_facade.contracts.errors import ConfigError, FacadeError
from fhir_facade.contracts.sections import Settings
from fhir_facade.serving import admin, journal, worker
from fhir_facade.serving.requests import MULTIPROCESS, Watch, share
from fhir_facade.serving.workers import Ready, Workers, bound_socket, listening_socket

DRAIN_S = 25.0
ADMIN_HOST = "127.0.0.1"
PORT = click.IntRange(0, 65_535)
LIVE_THREADS = 8
"""Threads per worker where a live source makes requests wait; a copy is served best by one."""


@click.command()
@config_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=PORT, help="Port to listen on; 0 takes a free one.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes that answer.")
@click.option(
    "--threads",
    default=0,
    type=click.IntRange(0, 256),
    help="Threads per worker; by default 1, or 8 where a source is live.",
)
@click.option(
    "--admin-port",
    default=0,
    type=PORT,
    help="Port of /livez, /readyz and /metrics on 127.0.0.1; none by default.",
)
@click.option(
    "--memory-mb", default=0, type=click.IntRange(0), help="Address space per worker in MiB; one over it is replaced."
)
def serve(
    config: Path | None, host: str, port: int, workers: int, threads: int, admin_port: int, memory_mb: int
) -> None:
    """Serve the facade until SIGTERM or Ctrl-C; SIGHUP reads the config again and replaces the workers one by one."""
    run(
        settings_of(config),
        host,
        port,
        workers=workers,
        threads=threads,
        admin_port=admin_port,
        memory_mb=memory_mb,
        again=partial(settings_of, config),
    )


class Current:
    """The settings that the next worker starts with.

    Args:
        settings: those of the start.
        again: reads the config again.
    """

    def __init__(self, settings: Settings, again: Callable[[], Settings]) -> None:
        self.settings = settings
        self._again = again

    def read(self) -> None:
        """Take what the config says now; where it is wrong, or cannot be tried, say so and go on with what was good."""
        try:
            settings = self._again()
            require_current_schemas(settings)
        except FacadeError as error:
            click.echo(f"The workers go on with the config of before:\n{error}", err=True)
        else:
            self.settings = settings


def run(
    settings: Settings,
    host: str,
    port: int,
    *,
    workers: int,
    threads: int = 0,
    admin_port: int = 0,
    memory_mb: int = 0,
    again: Callable[[], Settings] | None = None,
) -> None:
    """Bind, fork and serve; ``again`` reads the config at SIGHUP, where there is one to read.

    Raises:
        ConfigError: the address cannot be bound, or a database has an older schema.
    """
    require_current_schemas(settings)
    with (
        listening(listening_socket, host, port, "--host or --port") as listener,
        listening(bound_socket, ADMIN_HOST, admin_port, "--admin-port") if admin_port else nullcontext() as for_admin,
        tempfile.TemporaryDirectory(prefix="fhir-facade-metrics-") as metrics,
    ):
        click.echo(f"Serving {settings.server.public_base} on {host}:{listener.getsockname()[1]}", err=True)
        journal.install()
        share_counts()
        threads = threads or (LIVE_THREADS if any(source.mode == "live" for source in settings.claims) else 1)
        os.environ[MULTIPROCESS] = metrics
        board, current = admin.Board(), Current(settings, again or (lambda: settings))
        Workers(
            work=partial(_work, current, listener, threads),
            count=workers,
            drain_s=DRAIN_S + 5,
            memory_mb=memory_mb,
            watch=partial(_watch, current, for_admin, board) if for_admin else None,
            on_reload=current.read,
            on_change=lambda alive, stopping: board.write(wanted=workers, alive=alive, stopping=stopping),
        ).run()


def listening(bind: Callable[[str, int], socket], host: str, port: int, option: str) -> socket:
    """What ``bind`` makes of an address.

    Args:
        bind: makes the socket.
        host: to listen on.
        port: of the host.
        option: of the command line, with which another address is chosen.

    Raises:
        ConfigError: the address cannot be bound.
    """
    try:
        return bind(host, port)
    except OSError as error:
        raise ConfigError([f"cannot listen on {host}:{port} ({error.strerror}); choose another {option}"]) from error


def _watch(current: Current, listener: socket, board: admin.Board, stop: Event) -> None:
    """Answer the operator's questions in a process of its own until ``stop``."""
    admin.serve(listener, board, readiness_checks(current.settings), source_figures(current.settings), stop)


def _work(current: Current, listener: socket, threads: int, stop: Event, ready: Ready) -> None:
    """Serve in a process of its own until ``stop``."""
    share()
    app = create_app(current.settings)
    Thread(target=app.extensions["status"].watch, args=(stop,), daemon=True).start()
    worker.serve(
        app,
        unserved,
        listener,
        threads=threads,
        stopping=stop,
        drain_s=DRAIN_S,
        trusted_proxies=current.settings.server.trusted_proxies,
        ready=ready,
        told=Watch(named),
    )
    app.extensions["audit_trail"].close()  # its last lines are sealed now, not by the next worker
