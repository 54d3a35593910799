"""Who may read: tokens and the proof that the caller knows the app's secret."""

from __future__ import annotations

import hashlib
import hmac

from infra.local.simulator import errors
from infra.local.simulator.config import Config
from infra.local.simulator.exchange import Request


def proof_of(app_secret: str, token: str) -> str:
    """Return the `appsecret_proof` that belongs to this token."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def check(config: Config, request: Request) -> str:
    """Check the request's token and its proof, and return the token.

    Raises:
        GraphError: 190 for a bad token, 100 for a bad proof.
    """
    token = request.token
    if token is None or token not in {account.token for account in config.accounts}:
        raise errors.invalid_token()
    proof = request.params.get("appsecret_proof")
    if proof is None:
        raise errors.missing_proof()
    if not hmac.compare_digest(proof.encode(), proof_of(config.app_secret, token).encode()):
        raise errors.invalid_proof()
    return token
