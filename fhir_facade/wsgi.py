"""``app`` for any WSGI server, as FHIR_FACADE_CONFIG names its config: ``waitress-serve fhir_facade.wsgi:app``."""

import os
from pathlib import Path

from fhir_facade.app import create_app, named
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.serving import journal
from fhir_facade.serving.requests import Watch
from fhir_facade.settings import CONFIG_VARIABLE, load

if CONFIG_VARIABLE not in os.environ:
    raise ConfigError([f"{CONFIG_VARIABLE} is not set; let it name the config file"])

journal.install()
app = create_app(load(Path(os.environ[CONFIG_VARIABLE])))
app.wsgi_app = Watch(named).requests(app.wsgi_app)  # type: ignore[method-assign, assignment]
