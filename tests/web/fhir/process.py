"""One process of the endpoints over a replica: ``python -m tests.web.fhir.process URL PORT``.

The token is the Patient id; page links are sealed with a secret that all processes share.
"""

from __future__ import annotations

import sys

from sqlalchemy.engine import make_url
from waitress import serve

from fhir_facade.resources.replica import ReplicaResources
from tests.resources.filled import HASHED
from tests.resources.world import SOURCE
from tests.web.fhir.world import World

if __name__ == "__main__":
    world = World(ReplicaResources(make_url(sys.argv[1]), SOURCE, HASHED))
    serve(world.app, host="127.0.0.1", port=int(sys.argv[2]), threads=1, _quiet=True)
