"""``app`` for any WSGI server that is started in this folder: ``waitress-serve wsgi:app``."""

from fhir_facade.wsgi import app

__all__ = ["app"]
