"""The authorization server: SMART App Launch 2.2 over OAuth 2.0, with OpenID Connect on top.

Requests come in and replies go out as plain values (``oauth.messages``); the web room translates. Errors are authlib's
error classes, JOSE is joserfc's, everything that must be atomic is one statement in ``store``.
"""

import logging

logging.getLogger("authlib").setLevel(logging.WARNING)  # at DEBUG it writes tokens and secrets
logging.getLogger("joserfc").setLevel(logging.WARNING)
