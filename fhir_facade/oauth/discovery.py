"""The documents by which apps find the endpoints; all three are built from one table.

Source: SMART App Launch 2.2 "Conformance", RFC 8414, OpenID Connect Discovery 1.0.
"""

from __future__ import annotations

from typing import Any

from fhir_facade.access.scopes import DIRECTORY
from fhir_facade.oauth import assertions, clients
from fhir_facade.oauth.authorize import LANGUAGES
from fhir_facade.oauth.keys import ALGORITHM
from fhir_facade.oauth.mounts import STRICT, Mount
from fhir_facade.oauth.server import AuthorizationServer
from fhir_facade.oauth.token import FLOWS

CAPABILITIES = (
    "launch-standalone",
    "authorize-post",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "sso-openid-connect",
    "context-standalone-patient",
    "permission-offline",
    "permission-patient",
    "permission-user",
    "permission-v1",
    "permission-v2",
)

_TYPES = ("Patient", "Coverage", "ExplanationOfBenefit", "Organization", "Practitioner", "RelatedPerson")

SCOPES = (
    "openid",
    "fhirUser",
    "profile",
    "launch/patient",
    "offline_access",
    *(
        f"{context}/{resource_type}.{suffix}"
        for context in ("patient", "user")
        for suffix in ("rs", "read")
        for resource_type in ("*", *_TYPES)
    ),
    "patient/AuditEvent.rs",
    *(f"system/{resource_type}.rs" for resource_type in DIRECTORY),
)
"""Every scope that the CARIN guide's security page demands, in both versions of SMART, and a few more."""


def authorization_server(server: AuthorizationServer, mount: Mount = STRICT) -> dict[str, Any]:
    """``/.well-known/oauth-authorization-server`` (RFC 8414)."""
    methods = list(clients.METHODS)
    algorithms = list(assertions.ALGORITHMS)
    paths = mount.paths
    return {
        "issuer": server.base,
        "authorization_endpoint": server.base + paths["authorize"][0],
        "token_endpoint": server.base + paths["token"][0],
        "revocation_endpoint": server.base + paths["revoke"][0],
        "introspection_endpoint": server.base + paths["introspect"][0],
        "jwks_uri": f"{server.base}/.well-known/jwks.json",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(FLOWS),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": methods[1:],
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "ui_locales_supported": list(LANGUAGES),
        "authorization_response_iss_parameter_supported": True,
        **({"registration_endpoint": f"{server.base}/oauth/register"} if server.environment == "sandbox" else {}),
    }


def openid_configuration(server: AuthorizationServer, mount: Mount = STRICT) -> dict[str, Any]:
    """``/.well-known/openid-configuration``."""
    return authorization_server(server, mount) | {
        "userinfo_endpoint": server.base + mount.paths["userinfo"][0],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "fhirUser"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def smart_configuration(server: AuthorizationServer, mount: Mount = STRICT) -> dict[str, Any]:
    """``[FHIR base]/.well-known/smart-configuration``."""
    return authorization_server(server, mount) | {
        "userinfo_endpoint": server.base + mount.paths["userinfo"][0],
        "management_endpoint": f"{server.base}/members",
        "capabilities": list(CAPABILITIES),
        "associated_endpoints": [{"url": f"{server.base}{mount.prefix}/fhir", "capabilities": list(CAPABILITIES)}],
    }
