"""Requests for production: which step leads where, who may take it, and what it does to the app.

::

    submitted ─ take ─▶ in-review ─ approve ─▶ approved ─ suspend ─▶ suspended ─ retire ─▶ retired
        ▲                  │  └──── deny ────▶ denied       ◀─ reinstate ─┘
        └── answer ── more-information ◀─ ask

Every step is one row with who, when and why, one audit line, and one letter to the developer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fhir_facade.access.scopes import Scopes
from fhir_facade.oauth.registry import put_state
from fhir_facade.oauth.server import Record
from fhir_facade.registry import attestations
from fhir_facade.registry.accounts import Accounts
from fhir_facade.registry.faults import NotNow
from fhir_facade.registry.mail import Mailroom
from fhir_facade.registry.people import Account
from fhir_facade.store import Connection, Store
from fhir_facade.store.apps import App, Apps
from fhir_facade.store.audit import AuditEvent
from fhir_facade.store.engine import Clock
from fhir_facade.store.reviews import Review, Reviews, Step
from fhir_facade.store.secrets import new_id

OPEN = ("submitted", "in-review", "more-information")
REPLACED = "replaced"
LONGEST_WHY = 2000


@dataclass(frozen=True, slots=True)
class Move:
    """One kind of step: from which states, to which, and whether it needs a reason."""

    before: tuple[str, ...]
    after: str
    why: bool = False


MOVES = {
    "take": Move(("submitted",), "in-review"),
    "ask": Move(("in-review",), "more-information", why=True),
    "approve": Move(("in-review",), "approved"),
    "deny": Move(("in-review",), "denied", why=True),
    "suspend": Move(("approved",), "suspended", why=True),
    "reinstate": Move(("suspended",), "approved", why=True),
    "retire": Move(("approved", "suspended"), "retired", why=True),
}
"""What staff may do; ``deny`` takes one of the configured reasons."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who takes a step: an account, or the operator at the command line."""

    name: str
    role: str


OPERATOR = Actor("operator", "operator")


def actor_of(account: Account) -> Actor:
    """An account as the history names it."""
    return Actor(f"Account/{account.account_id}", account.role)


class ReviewDesk:
    """Requests for production.

    Args:
        store: where they are kept.
        accounts: whose they are.
        mailroom: tells the developer.
        record: writes the audit trail; where it raises, nothing happens.
        clock: seconds since 1970.
        reasons: the objective reasons for which a request may be denied.
    """

    def __init__(
        self,
        store: Store,
        accounts: Accounts,
        mailroom: Mailroom,
        record: Record,
        clock: Clock,
        reasons: Sequence[str],
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._mailroom = mailroom
        self._record = record
        self._clock = clock
        self.reasons = tuple(reasons)

    def submit(self, owner: Account, app: App, redirect_uris: Sequence[str], answers: Mapping[str, bool]) -> Review:
        """Ask for production with a sandbox app's registration, other redirect URIs, and the answers about privacy.

        A request that waits for more information is answered by this; there is one open request of an app at most.

        Raises:
            NotNow: the app is another's or suspended, a request is open, or no second factor protects the account.
        """
        if not owner.second_factor:
            raise NotNow("needs_second_factor")
        if app.owner != owner.account_id or app.environment != "sandbox" or app.state != "active":
            raise NotNow("not_your_app")
        asked = _asked(app, redirect_uris, answers)
        with self._store.write() as connection:
            review = self._submitted(connection, owner, app, asked)
        self._mailroom.deliver_soon()
        return review

    def move(self, review_id: str, action: str, actor: Actor, why: str = "") -> Review:
        """Take a step.

        Raises:
            NotNow: there is no such request, it is not in a state for that, the reason is missing or not one of the
                configured ones, or a reviewer would decide about an own app.
        """
        move, why = MOVES.get(action), _plain(why)
        if move is None:
            raise NotNow("unknown_step")
        if len(why) > LONGEST_WHY or (move.why and not why):
            raise NotNow("why_missing")
        if action == "deny" and why not in self.reasons:
            raise NotNow("reason_unknown")
        with self._store.write() as connection:
            review = Reviews(connection).find(review_id)
            if review is None or review.state not in move.before:
                raise NotNow("wrong_state")
            if actor.name == f"Account/{review.owner}":
                raise NotNow("own_app")
            changed = replace(review, production_app_id=_effect(connection, review, action, self._clock()))
            step = Step(state=move.after, actor=actor.name, role=actor.role, why=why, at=self._clock())
            self._step(connection, changed, step)
            if action == "approve":
                self._replace_earlier(connection, review, actor)
        self._mailroom.deliver_soon()
        return replace(changed, state=move.after)

    def find(self, review_id: str) -> tuple[Review, Sequence[Step]] | None:
        """The request of that id with its history."""
        with self._store.read() as connection:
            review = Reviews(connection).find(review_id)
            return (review, Reviews(connection).steps(review_id)) if review else None

    def all(self, states: Sequence[str] = ()) -> Sequence[Review]:
        """The requests in those states, or all; the longest waiting first."""
        with self._store.read() as connection:
            return Reviews(connection).all(states)

    def of_app(self, app_id: str) -> Sequence[Review]:
        """The requests about a sandbox app, newest first."""
        with self._store.read() as connection:
            return Reviews(connection).of_app(app_id)

    def _submitted(self, connection: Connection, owner: Account, app: App, asked: Mapping[str, Any]) -> Review:
        reviews, now = Reviews(connection), self._clock()
        earlier = reviews.of_app(app.app_id)
        if any(one.state in {"submitted", "in-review", "suspended"} for one in earlier):
            raise NotNow("request_open")
        step = Step(state="submitted", actor=f"Account/{owner.account_id}", role="developer", why="", at=now)
        waiting = next((one for one in earlier if one.state == "more-information"), None)
        if waiting is not None:
            self._step(connection, waiting, step, asked)
            return replace(waiting, state="submitted", asked=asked)
        review = Review(
            review_id=new_id(12),
            app_id=app.app_id,
            owner=owner.account_id,
            state="submitted",
            asked=asked,
            production_app_id=next((one.production_app_id for one in earlier if one.state == "approved"), None),
            created_at=now,
            changed_at=now,
        )
        self._record(_event(review, step))
        reviews.add(review, step)
        self._tell(connection, review, step)
        return review

    def _replace_earlier(self, connection: Connection, review: Review, actor: Actor) -> None:
        """An approval of a change takes the place of the approval before it."""
        for earlier in Reviews(connection).of_app(review.app_id):
            if earlier.state == "approved" and earlier.review_id != review.review_id:
                step = Step(state=REPLACED, actor=actor.name, role=actor.role, why="", at=self._clock())
                Reviews(connection).move(earlier, step)

    def _step(self, connection: Connection, review: Review, step: Step, asked: Mapping[str, Any] | None = None) -> None:
        self._record(_event(review, step))
        if not Reviews(connection).move(review, step, asked=asked):
            raise NotNow("wrong_state")
        self._tell(connection, review, step)

    def _tell(self, connection: Connection, review: Review, step: Step) -> None:
        owner = self._accounts.find(review.owner)
        if owner is not None:
            facts = {"app": str(review.asked["name"]), "state": step.state, "why": step.why, "app_id": review.app_id}
            self._mailroom.write(connection, owner.email, "review", owner.language, facts)


def _plain(text: str) -> str:
    """What was typed without control characters; line ends stay."""
    lines = ("".join(filter(str.isprintable, line)) for line in text.splitlines())
    return "\n".join(lines).strip()


def _asked(app: App, redirect_uris: Sequence[str], answers: Mapping[str, bool]) -> dict[str, Any]:
    details = {name: value for name, value in app.details.items() if name != "attestations"}
    details["answers"] = dict(answers)
    if attestations.attested(answers):
        details["attestations"] = list(attestations.QUESTIONS)
    return {
        "name": app.name,
        "kind": app.kind,
        "scopes": str(app.scopes),
        "grant_length": app.grant_length,
        "redirect_uris": list(redirect_uris),
        "jwks": app.jwks,
        "jwks_uri": app.jwks_uri,
        "details": details,
    }


def _effect(connection: Connection, review: Review, action: str, now: int) -> str | None:
    """What a step does to the production app; its client id."""
    if action == "approve":
        return _approved(connection, review, now)
    states = {"suspend": "suspended", "reinstate": "active", "retire": "retired"}
    if action in states and review.production_app_id is not None:
        put_state(connection, review.production_app_id, states[action])
    return review.production_app_id


def _approved(connection: Connection, review: Review, now: int) -> str:
    """The production app of an approved request: a new one, or the one before it with what changed."""
    asked, apps = review.asked, Apps(connection)
    known = apps.find(review.production_app_id) if review.production_app_id else None
    app = App(
        app_id=known.app_id if known else new_id(40),
        name=asked["name"],
        kind=asked["kind"],
        environment="production",
        state="active",
        scopes=Scopes.parse(asked["scopes"]),
        grant_length=asked["grant_length"],
        redirect_uris=tuple(asked["redirect_uris"]),
        jwks=asked["jwks"],
        jwks_uri=asked["jwks_uri"],
        details=asked["details"],
        owner=review.owner,
        created_at=known.created_at if known else now,
    )
    if known:
        apps.change(app)
    else:
        apps.add(app)
    return app.app_id


def _event(review: Review, step: Step) -> AuditEvent:
    why = f" because {step.why}" if step.role != "developer" and step.state == "denied" else ""
    return AuditEvent(
        what="app-review",
        outcome=step.state,
        app_id=review.production_app_id or review.app_id,
        actor=step.actor,
        detail=f"request {review.review_id}{why}",
    )
