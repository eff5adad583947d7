"""Django with REST framework, as a front of a ready FHIR server works: token, parse the ready Bundle, render it again.

Run in an environment of its own: ``python django_server.py PAGES``; prints its port.
"""

from __future__ import annotations

import hashlib
import json
import logging
import socket
import sqlite3
import sys
from pathlib import Path
from typing import Any

import django  # type: ignore[import-not-found]
from django.conf import settings  # type: ignore[import-not-found]
from django.core.wsgi import get_wsgi_application  # type: ignore[import-not-found]
from waitress import serve

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="benchmark",  # noqa: S106 - it protects nothing
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "UNAUTHENTICATED_USER": None,
    },
)
django.setup()

from django.urls import path  # type: ignore[import-not-found] # noqa: E402
from rest_framework.authentication import BaseAuthentication  # type: ignore[import-not-found] # noqa: E402
from rest_framework.exceptions import AuthenticationFailed  # type: ignore[import-not-found] # noqa: E402
from rest_framework.response import Response  # type: ignore[import-not-found] # noqa: E402
from rest_framework.views import APIView  # type: ignore[import-not-found] # noqa: E402

STORED = json.loads(Path(sys.argv[1]).read_text())
TOKENS = sqlite3.connect(":memory:", check_same_thread=False)
TOKENS.execute("CREATE TABLE token (hash BLOB PRIMARY KEY, patient TEXT)")
TOKENS.executemany(
    "INSERT INTO token VALUES (?, ?)",
    [(hashlib.sha256(token.encode()).digest(), patient) for patient, token in STORED["tokens"].items()],
)


class Bearer(BaseAuthentication):  # type: ignore[misc]
    """Looks the token up."""

    def authenticate(self, request: Any) -> tuple[str, None]:
        """The patient of the token, and nothing more."""
        digest = hashlib.sha256(request.headers.get("Authorization", "")[7:].encode()).digest()
        found = TOKENS.execute("SELECT patient FROM token WHERE hash = ?", (digest,)).fetchone()
        if found is None:
            raise AuthenticationFailed
        return found[0], None


class Claims(APIView):  # type: ignore[misc]
    """The search."""

    authentication_classes = (Bearer,)

    def get(self, request: Any) -> Response:
        """A page of one member's claims."""
        return Response(json.loads(STORED["bundles"][request.user]), content_type="application/fhir+json")


urlpatterns = [path("fhir/ExplanationOfBenefit", Claims.as_view())]

if __name__ == "__main__":
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print("port", listener.getsockname()[1], flush=True)
    serve(get_wsgi_application(), sockets=[listener], threads=1, _quiet=True)
