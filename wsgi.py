"""``app`` for any WSGI server, configured by the file that FHIR_FACADE_CONFIG names: ``waitress-serve wsgi:app``."""

import os
from pathlib import Path

from fhir_facade.app import create_app
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.settings import CONFIG_VARIABLE, load

if CONFIG_VARIABLE not in os.environ:
    raise ConfigError([f"{CONFIG_VARIABLE} is not set; let it name the config file"])

app = create_app(load(Path(os.environ[CONFIG_VARIABLE])))
