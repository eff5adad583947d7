"""Pages of an account: sign up, verify the e-mail address, log in, second factor, recover, log out."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from fhir_facade.contracts import totp
from fhir_facade.registry.faults import Fault
from fhir_facade.registry.passwords import LONGEST, SHORTEST
from fhir_facade.registry.people import LogIn, Signed
from fhir_facade.store.audit import AuditEvent
from fhir_facade.web.developers import DeveloperDesk, proof_page

LENGTHS = {"shortest": str(SHORTEST), "longest": str(LONGEST)}


class AccountPages:
    """The views; each method is one address."""

    def __init__(self, desk: DeveloperDesk) -> None:
        self._desk = desk
        self._accounts = desk.registry.accounts

    def sign_up(self) -> AnyResponse:
        """Make an account."""
        if not self._desk.sign_up:
            return self._desk.stopped("closed")
        typed = {name: request.form.get(name, "") for name in ("email", "name", "organization")}
        if request.method == "GET":
            return self._desk.render("developer_sign_up.html", typed=typed, lengths=LENGTHS)
        password, language = request.form.get("password", ""), self._desk.pages.texts().language
        if self._desk.first_sending() and (
            faults := self._accounts.sign_up(**typed, password=password, language=language)
        ):
            told = [Fault(one.field, one.message, one.values or LENGTHS) for one in faults]
            return self._desk.render("developer_sign_up.html", 422, faults=told, typed=typed, lengths=LENGTHS)
        return self._told("sent", email=typed["email"].strip())

    def verify(self, ticket: str) -> AnyResponse:
        """Confirm the e-mail address: by a button, for mail programs open links by themselves."""
        if request.method == "GET":
            return self._desk.render("developer_verify.html", ticket=ticket)
        if not self._desk.first_sending():
            return redirect("/developers/log-in", 303)
        if not self._accounts.verify(ticket):
            return self._desk.stopped("ticket_over")
        return self._told("verified")

    def log_in(self) -> AnyResponse:
        """Log in with e-mail address and password; a good one gives the browser a new session."""
        if request.method == "GET":
            return self._log_in_page()
        email = request.form.get("email", "")
        outcome, token = self._accounts.log_in(email, request.form.get("password", ""))
        if outcome is LogIn.UNVERIFIED:
            return self._told("sent", email=email.strip())
        if outcome is LogIn.ELSEWHERE:
            return redirect("/staff/log-in", 303)
        signed = self._desk.registry.sessions.signed(token) if outcome is LogIn.IN else None
        if signed is None:
            return self._log_in_page(403, [Fault("password", "fault.log_in")], email)
        return self._desk.carry(redirect(_start(signed), 303), token)

    def code(self) -> AnyResponse:
        """Prove the second factor."""
        signed = self._desk.signed()
        if signed is None or not signed.account.second_factor:
            return redirect("/developers/log-in", 303)
        if request.method == "GET":
            return self._desk.render("developer_code.html")
        outcome, token = self._accounts.prove(signed, request.form.get("code", ""))
        if outcome is not LogIn.IN:
            fault = Fault("code", "fault.locked" if outcome is LogIn.LOCKED else "fault.code")
            return self._desk.render("developer_code.html", 403, faults=[fault])
        return self._desk.carry(redirect(_home(signed), 303), token)

    def second_factor(self) -> AnyResponse:
        """Add an authenticator app."""
        signed = self._desk.signed()
        if signed is None:
            return redirect("/developers/log-in", 303)
        if signed.account.second_factor:
            return redirect("/developers/account" if signed.complete else "/developers/code", 303)
        if request.method == "GET":
            secret, sealed = self._accounts.offer_second_factor(signed)
            return self._offer(signed, secret, sealed)
        sealed = request.form.get("key", "")
        token = self._accounts.add_second_factor(signed, sealed, request.form.get("code", ""))
        if token is not None:
            return self._desk.carry(
                redirect("/developers/account" if not signed.account.staff else "/staff", 303), token
            )
        secret = self._accounts.offered(signed, sealed) or ""
        if not secret:
            return self._desk.stopped("form_over")
        return self._offer(signed, secret, sealed, 403, [Fault("code", "fault.code")])

    def recover(self) -> AnyResponse:
        """Ask for the way to a new password."""
        if request.method == "GET":
            return self._desk.render("developer_recover.html")
        email = request.form.get("email", "").strip()
        if self._desk.first_sending():
            self._accounts.recover(email, self._desk.pages.texts().language)
        return self._told("recovery", email=email)

    def reset(self, ticket: str) -> AnyResponse:
        """Set a new password with the ticket of a letter or invitation."""
        if request.method == "GET":
            if not self._accounts.may_reset(ticket):
                return self._desk.stopped("ticket_over")
            return self._desk.render("developer_reset.html", ticket=ticket, lengths=LENGTHS)
        if not self._desk.first_sending():
            return redirect("/developers/log-in", 303)
        faults = self._accounts.reset(ticket, request.form.get("password", ""))
        if faults:
            told = [Fault(one.field, one.message, LENGTHS) for one in faults]
            return self._desk.render("developer_reset.html", 422, faults=told, ticket=ticket, lengths=LENGTHS)
        return self._told("reset")

    def account(self, signed: Signed) -> AnyResponse:
        """Who is logged in, and how the account is protected."""
        return self._desk.render("developer_account.html", mine=signed.account)

    def log_out(self) -> AnyResponse:
        """End the session."""
        signed = self._desk.signed()
        if signed is not None:
            actor = f"Account/{signed.account.account_id}"
            self._desk.registry.record(AuditEvent(what="account", outcome="ok", actor=actor, detail="log-out"))
            self._desk.registry.sessions.log_out(signed)
        staff = signed is not None and signed.account.staff
        answer = redirect("/staff/log-in" if staff else "/developers/log-in", 303)
        answer.delete_cookie(self._desk.cookie, secure=self._desk.pages.secure, httponly=True, samesite="Lax")
        return answer

    def _log_in_page(self, status: int = 200, faults: list[Fault] | None = None, email: str = "") -> Response:
        values = {"email": email, "sign_up": self._desk.sign_up}
        return self._desk.render("developer_log_in.html", status, faults=faults or [], **values)

    def _offer(
        self, signed: Signed, secret: str, sealed: str, status: int = 200, faults: list[Fault] | None = None
    ) -> Response:
        agency = self._desk.pages.agency.name
        label = quote(f"{agency}:{signed.account.email}")
        link = f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': agency})}"
        values = {"key": totp.grouped(secret), "sealed": sealed, "link": link}
        return self._desk.render("developer_second_factor.html", status, faults=faults or [], **values)

    def _told(self, what: str, email: str = "") -> Response:
        return self._desk.render("developer_told.html", what=what, email=email, outbox=self._desk.outbox)


def _start(signed: Signed) -> str:
    """Where a fresh session goes first."""
    return _home(signed) if signed.complete else proof_page(signed)


def _home(signed: Signed) -> str:
    return "/staff" if signed.account.staff else "/developers/apps"


def accounts_blueprint(desk: DeveloperDesk) -> Blueprint:
    """The account pages below ``/developers``."""
    blueprint, pages = Blueprint("accounts", __name__, url_prefix="/developers"), AccountPages(desk)
    desk.guard(blueprint)
    both = ["GET", "POST"]
    blueprint.add_url_rule("/sign-up", "sign_up", pages.sign_up, methods=both)
    blueprint.add_url_rule("/verify/<ticket>", "verify", pages.verify, methods=both)
    blueprint.add_url_rule("/log-in", "log_in", pages.log_in, methods=both)
    blueprint.add_url_rule("/code", "code", pages.code, methods=both)
    blueprint.add_url_rule("/second-factor", "second_factor", pages.second_factor, methods=both)
    blueprint.add_url_rule("/recover", "recover", pages.recover, methods=both)
    blueprint.add_url_rule("/recover/<ticket>", "reset", pages.reset, methods=both)
    blueprint.add_url_rule("/account", "account", desk.with_account(pages.account))
    blueprint.add_url_rule("/log-out", "log_out", pages.log_out, methods=["POST"])
    return blueprint
