"""Signing keys for operators: which is published, signs or is retired, and the steps between, each confirmed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, redirect
from werkzeug.wrappers import Response as AnyResponse

from fhir_facade.contracts.errors import ConfigError
from fhir_facade.oauth.key_steps import KeyShown, NotWithThisKey, keys_shown, retire, sign_now
from fhir_facade.oauth.keys import KEEP_S, PUBLISH_S, rotate
from fhir_facade.registry.faults import NotNow
from fhir_facade.registry.people import Signed
from fhir_facade.store.engine import Clock
from fhir_facade.web.staff import StaffDesk
from fhir_facade.web.staff_sources import moment

STEPS: Mapping[str, Callable[[Path, str, int], object]] = {
    "publish": lambda folder, kid, now: rotate(folder, now),
    "sign": sign_now,
    "retire": retire,
}
"""Step → what it does with the folder; ``publish`` makes a key, the others take one that is there."""

NEW = "new"


class KeyPages:
    """The views; each method is one address."""

    def __init__(self, staff: StaffDesk, folder: Path, clock: Clock) -> None:
        self._staff = staff
        self._desk = staff.desk
        self._folder = folder
        self._clock = clock

    def all(self, signed: Signed) -> AnyResponse:
        """Every key, the newest first."""
        rows = [self._row(one) for one in keys_shown(self._folder, self._clock())]
        return self._desk.render("staff_keys.html", rows=rows, may=signed.account.acts("keys"))

    def confirm(self, signed: Signed, kid: str, step: str) -> AnyResponse:
        """What a step will do, and the button that does it."""
        if not signed.account.acts("keys"):
            return self._desk.stopped("forbidden")
        if not self._possible(kid, step):
            raise NotNow("wrong_key")
        hours = {"publish": str(PUBLISH_S // 3600), "keep": str(KEEP_S // 3600)}
        return self._desk.render("staff_key.html", kid=kid, step=step, hours=hours)

    def take(self, signed: Signed, kid: str, step: str) -> AnyResponse:
        """Take the step, once."""
        if not signed.account.acts("keys"):
            return self._desk.stopped("forbidden")
        if step not in STEPS or (step == "publish") != (kid == NEW):
            return self._desk.stopped("not_found")
        if self._desk.first_sending():
            self._staff.note(signed, "keys", step, "" if kid == NEW else kid)
            try:
                STEPS[step](self._folder, kid, self._clock())
            except NotWithThisKey as error:
                raise NotNow("wrong_key") from error
            except ConfigError as error:
                raise NotNow("key_folder") from error
        return redirect("/staff/keys", 303)

    def _possible(self, kid: str, step: str) -> bool:
        if kid == NEW:
            return step == "publish"
        found = next((one for one in keys_shown(self._folder, self._clock()) if one.record.kid == kid), None)
        return found is not None and {"sign": found.may_sign, "retire": found.may_retire}.get(step, False)

    def _row(self, key: KeyShown) -> Mapping[str, Any]:
        record = key.record
        never = record.until is not None and record.until <= record.signs_from
        signs_from = None if never else record.signs_from
        moments = {"published": record.published_at, "signs_from": signs_from, "until": record.until}
        return {"key": key} | {name: self._moment(at) for name, at in moments.items()}

    def _moment(self, at: int | None) -> str:
        return moment(datetime.fromtimestamp(at, UTC), self._desk.pages.texts()) if at else "–"


def keys_blueprint(staff: StaffDesk, folder: Path, clock: Clock) -> Blueprint:
    """``/staff/keys``."""
    blueprint, pages = Blueprint("staff_keys", __name__, url_prefix="/staff/keys"), KeyPages(staff, folder, clock)
    staff.guard(blueprint)
    blueprint.add_url_rule("", "all", staff.view("keys", pages.all))
    blueprint.add_url_rule("/<kid>/<step>", "confirm", staff.view("keys", pages.confirm))
    blueprint.add_url_rule("/<kid>/<step>", "take", staff.view("keys", pages.take), methods=["POST"])
    return blueprint
