"""The command line: ``fhir-facade COMMAND``. One file per command; exit codes 0 ok, 1 failed, 2 wrong use."""

from fhir_facade.cli.main import main

__all__ = ["main"]
