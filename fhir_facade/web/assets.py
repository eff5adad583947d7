"""Stylesheets, fonts, scripts and the agency's logo: packed once per process, kept by browsers for ever.

The design system's blue is replaced by the agency's colour; the two darker shades for a pointer and a press follow it.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files

from flask import Blueprint, Response, abort, request

TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
    "md": "text/markdown; charset=utf-8",
}
YEAR_S = 31_536_000
BLUE = "#005ea2"
SHADES = {BLUE: 0.0, "#1a4480": 0.3, "#162e51": 0.55}
"""The design system's blues → how much darker than the first each is."""

_STATIC = files("fhir_facade.web") / "static"


@dataclass(frozen=True, slots=True)
class Packed:
    """A file as it leaves: as it is and gzipped, with a version that changes with the content."""

    plain: bytes
    zipped: bytes
    version: str

    @classmethod
    def of(cls, body: bytes) -> Packed:
        """The file of these bytes."""
        return cls(body, gzip.compress(body, mtime=0), sha256(body).hexdigest()[:12])


@dataclass(frozen=True, slots=True)
class Assets:
    """The files below ``/assets/``.

    Args:
        colour: of links and buttons, ``#rrggbb``.
        extra: files that do not come with the package, by name.
    """

    colour: str = BLUE
    extra: Mapping[str, bytes] = field(default_factory=dict)
    _packed: dict[str, Packed] = field(default_factory=dict)

    def url(self, path: str) -> str:
        """Address of a file; it changes with the content, so that browsers may keep it for ever."""
        return f"/assets/{path}?v={self.file(path).version}"

    def file(self, path: str) -> Packed:
        """A file; read once per process.

        Raises:
            OSError: there is none of that name.
        """
        if path not in self._packed:
            body = self.extra.get(path) or _STATIC.joinpath(*path.split("/")).read_bytes()
            self._packed[path] = Packed.of(self._coloured(body) if path.endswith(".css") else body)
        return self._packed[path]

    def _coloured(self, sheet: bytes) -> bytes:
        if self.colour == BLUE:
            return sheet
        for blue, darker in SHADES.items():
            sheet = sheet.replace(blue.encode(), darkened(self.colour, darker).encode())
        return sheet


def darkened(colour: str, part: float) -> str:
    """A colour with that part of its light taken away."""
    return "#" + "".join(f"{round(one * (1 - part)):02x}" for one in bytes.fromhex(colour[1:]))


def static_blueprint(assets: Assets | None = None) -> Blueprint:
    """Serves the files below ``/assets/``."""
    blueprint, known = Blueprint("static_files", __name__), assets or Assets()

    @blueprint.get("/assets/<path:path>")
    def static_file(path: str) -> Response:
        kind = TYPES.get(path.rpartition(".")[2])
        if kind is None or any(part in {"", ".", ".."} for part in path.split("/")):
            abort(404)
        try:
            found = known.file(path)
        except OSError:
            abort(404)
        zipped = request.accept_encodings.quality("gzip") > 0 and len(found.zipped) < len(found.plain)
        response = Response(found.zipped if zipped else found.plain, content_type=kind)
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        if zipped:
            response.headers["Content-Encoding"] = "gzip"
        return response

    return blueprint
