"""The only place where rooms meet: settings → opened parts → a WSGI application."""

from fhir_facade.app.application import create_app
from fhir_facade.app.databases import migrate_databases, readiness_checks, require_current_schemas
from fhir_facade.app.lateness import source_figures
from fhir_facade.app.parts import Parts, open_parts
from fhir_facade.web.counts import share as share_counts
from fhir_facade.web.fhir_direct import named
from fhir_facade.web.unserved import unserved

__all__ = [
    "Parts",
    "create_app",
    "migrate_databases",
    "named",
    "open_parts",
    "readiness_checks",
    "require_current_schemas",
    "share_counts",
    "source_figures",
    "unserved",
]
