"""fhirstarter as its documentation shows it: a Bundle model is built from stored JSON on each request.

No token and no database. Run in an environment of its own: ``python fhirstarter_server.py PAGES``; prints its port.
"""

import json
import os
import socket
import sys
from pathlib import Path

os.environ["FHIR_SEQUENCE"] = "R4B"

import uvicorn  # type: ignore[import-not-found]
from fastapi import FastAPI  # type: ignore[import-not-found]
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.explanationofbenefit import ExplanationOfBenefit
from fhirstarter import FHIRProvider, FHIRStarter, InteractionContext  # type: ignore[import-not-found]

PAGES: dict[str, list[dict[str, object]]] = json.loads(Path(sys.argv[1]).read_text())["claims"]
provider = FHIRProvider()


@provider.search_type(ExplanationOfBenefit)  # type: ignore[untyped-decorator]
async def search(context: InteractionContext, patient: str | None) -> Bundle:
    """A page of one member's claims."""
    entries = [{"resource": claim, "search": {"mode": "match"}} for claim in PAGES[str(patient)]]
    return Bundle(type="searchset", total=len(entries), entry=entries)  # type: ignore[arg-type]  # it validates what it is given


fhir = FHIRStarter()
fhir.add_providers(provider)
app = FastAPI()
app.mount("/fhir", fhir)

if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print("port", listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listener])
