"""Passkeys: the thin door to the webauthn library. No other file knows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import urlsplit

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from fhir_facade.contracts.accounts import Passkey
from fhir_facade.contracts.errors import LoginDenied

LONGEST = 65_536


class Passkeys:
    """Creates and checks passkeys of one site.

    Args:
        public_base: the facade's absolute URL; its host is what passkeys are bound to.
    """

    def __init__(self, public_base: str) -> None:
        parts = urlsplit(public_base)
        self._host = parts.hostname or ""
        self._origin = f"{parts.scheme}://{parts.netloc}"

    def creation(self, subject: str, username: str, challenge: bytes) -> str:
        """Options with which a browser makes a passkey, as JSON."""
        options = generate_registration_options(
            rp_id=self._host,
            rp_name=self._host,
            user_id=subject.encode(),
            user_name=username,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
        )
        return options_to_json(options)

    def request(self, known: Sequence[Passkey], challenge: bytes) -> str:
        """Options with which a browser uses one of the known passkeys, as JSON."""
        allowed = [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.credential_id)) for one in known]
        options = generate_authentication_options(
            rp_id=self._host,
            challenge=challenge,
            allow_credentials=allowed,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(options)

    def created(self, credential: str, challenge: bytes) -> Passkey:
        """The passkey that a browser made.

        Raises:
            LoginDenied: it did not make one for us.
        """
        try:
            verified = verify_registration_response(
                credential=_parsed(credential),
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except Exception as error:  # the library raises whatever its parsers raise on hostile input
            raise LoginDenied("the passkey could not be set up") from error
        return Passkey(
            credential_id=bytes_to_base64url(verified.credential_id),
            public_key=bytes_to_base64url(verified.credential_public_key),
            uses=verified.sign_count,
        )

    def used(self, credential: str, known: Sequence[Passkey], challenge: bytes) -> tuple[str, int]:
        """Which known passkey signed the challenge, and its signature counter.

        Raises:
            LoginDenied: none did.
        """
        try:
            parsed = _parsed(credential)
            (passkey,) = [one for one in known if one.credential_id == parsed["id"]]
            verified = verify_authentication_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=base64url_to_bytes(passkey.public_key),
                credential_current_sign_count=passkey.uses,
                require_user_verification=True,
            )
        except Exception as error:  # the library raises whatever its parsers raise on hostile input
            raise LoginDenied("the passkey was not accepted") from error
        return passkey.credential_id, verified.new_sign_count


def _parsed(credential: str) -> dict[str, object]:
    if len(credential) > LONGEST:
        message = "the credential is larger than any credential is"
        raise ValueError(message)
    parsed: dict[str, object] = json.loads(credential)
    return parsed
