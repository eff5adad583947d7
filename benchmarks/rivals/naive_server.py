"""The prescribed packages as their tutorials show them: ORM rows, fhir.resources models, ``jsonify``.

Run as ``python naive_server.py PAGES``; prints its port.
"""

from __future__ import annotations

import hashlib
import json
import logging
import socket
import sys
from pathlib import Path
from typing import Any

from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.explanationofbenefit import ExplanationOfBenefit
from flask import Flask, Response, abort, jsonify, request
from sqlalchemy import JSON, ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import StaticPool
from waitress import serve


class Base(DeclarativeBase):
    """What the tables are declared with."""


class Token(Base):
    """A token by its hash, and whose it is."""

    __tablename__ = "token"
    hash: Mapped[str] = mapped_column(primary_key=True)
    patient: Mapped[str]
    claims: Mapped[list[Claim]] = relationship(order_by="Claim.number")


class Claim(Base):
    """A claim as JSON."""

    __tablename__ = "claim"
    number: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(ForeignKey("token.hash"), index=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
app = Flask("naive")


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


@app.get("/fhir/ExplanationOfBenefit")
def search() -> Response:
    """A page of one member's claims."""
    with Session(engine) as session:
        wanted = digest(request.headers.get("Authorization", "").removeprefix("Bearer "))
        token = session.scalars(select(Token).where(Token.hash == wanted)).one_or_none()
        if token is None:
            abort(401)
        entries = [
            {"resource": ExplanationOfBenefit(**claim.body), "search": {"mode": "match"}} for claim in token.claims
        ]
        bundle = Bundle(type="searchset", entry=entries)  # type: ignore[arg-type]  # it validates what it is given
        return jsonify(json.loads(bundle.model_dump_json()))


def fill(stored: dict[str, Any]) -> None:
    """The tokens and claims of every viewer."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        for patient, token in stored["tokens"].items():
            claims = [Claim(body=body) for body in stored["claims"][patient]]
            session.add(Token(hash=digest(token), patient=patient, claims=claims))
        session.commit()


if __name__ == "__main__":
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    fill(json.loads(Path(sys.argv[1]).read_text()))
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print("port", listener.getsockname()[1], flush=True)
    serve(app, sockets=[listener], threads=1, _quiet=True)
