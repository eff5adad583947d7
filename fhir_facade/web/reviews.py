"""The reviewers' pages: the queue, and one request with its answers, its history and the steps that may be taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from fhir_facade.registry import attestations
from fhir_facade.registry.faults import Fault, NotNow
from fhir_facade.registry.people import Signed
from fhir_facade.registry.reviews import MOVES, OPEN, actor_of
from fhir_facade.store.reviews import Review
from fhir_facade.web.developer_apps import history, when
from fhir_facade.web.developers import DeveloperDesk
from fhir_facade.web.staff import StaffDesk, page_number

PAGE = 50


class ReviewPages:
    """The views; each method is one address."""

    def __init__(self, desk: DeveloperDesk) -> None:
        self._desk = desk
        self._reviews = desk.registry.reviews

    def queue(self, signed: Signed) -> AnyResponse:
        """The requests that wait, or all of them."""
        del signed
        everything = request.args.get("show") == "all"
        found = self._reviews.all(() if everything else OPEN)
        number, pages = page_number(), max(1, -(-len(found) // PAGE))
        rows = [self._row(one) for one in found[PAGE * (number - 1) : PAGE * number]]
        return self._desk.render("reviews.html", rows=rows, everything=everything, number=number, pages=pages)

    def show(self, signed: Signed, review_id: str) -> AnyResponse:
        """One request."""
        return self._page(signed, review_id)

    def move(self, signed: Signed, review_id: str) -> AnyResponse:
        """Take a step."""
        if not signed.account.acts("review"):
            return self._desk.stopped("forbidden")
        action = request.form.get("action", "")
        why = request.form.get("reason" if action == "deny" else "why", "")
        if self._desk.first_sending():
            try:
                self._reviews.move(review_id, action, actor_of(signed.account), why)
            except NotNow as refused:
                if refused.reason not in {"why_missing", "reason_unknown"}:
                    raise
                fault = (
                    Fault("reason", "fault.reason_unknown")
                    if action == "deny"
                    else Fault(f"why-{action}", "fault.why_missing")
                )
                return self._page(signed, review_id, [fault])
        return redirect(f"/review/{review_id}", 303)

    def _page(self, signed: Signed, review_id: str, faults: Sequence[Fault] = ()) -> AnyResponse:
        found = self._reviews.find(review_id)
        if found is None:
            return self._desk.stopped("not_found")
        review, steps = found
        texts = self._desk.pages.texts()
        told = [dict(one) | {"name": self._name(one["actor"])} for one in history(steps, texts)]
        may = signed.account.acts("review") and review.owner != signed.account.account_id
        return self._desk.render(
            "review.html",
            422 if faults else 200,
            faults=faults,
            review=review,
            owner=self._desk.registry.accounts.find(review.owner),
            questions=attestations.QUESTIONS,
            history=told,
            actions=[name for name, move in MOVES.items() if review.state in move.before] if may else [],
            needs_why={name for name, move in MOVES.items() if move.why},
            reasons=self._reviews.reasons,
        )

    def _row(self, review: Review) -> Mapping[str, Any]:
        owner = self._desk.registry.accounts.find(review.owner)
        return {
            "review": review,
            "organization": owner.organization if owner else "",
            "changed": when(review.changed_at, self._desk.pages.texts()),
        }

    def _name(self, actor: str) -> str:
        account = self._desk.registry.accounts.find(actor.removeprefix("Account/"))
        return account.name if account else actor


def reviews_blueprint(staff: StaffDesk) -> Blueprint:
    """The reviewers' pages below ``/review``."""
    blueprint, pages = Blueprint("reviews", __name__, url_prefix="/review"), ReviewPages(staff.desk)
    staff.guard(blueprint)
    blueprint.add_url_rule("", "queue", staff.view("review", pages.queue))
    blueprint.add_url_rule("/<review_id>", "show", staff.view("review", pages.show))
    blueprint.add_url_rule("/<review_id>", "move", staff.view("review", pages.move), methods=["POST"])
    return blueprint
