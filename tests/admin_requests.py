"""Requests of the admin API as API Gateway sends them, and the people who make them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

ADMIN: Final = {"sub": "sub-admin", "cognito:username": "admin-1", "cognito:groups": "admin"}
DISHUB: Final = {"sub": "sub-dishub", "cognito:groups": "department", "custom:department": "dishub"}


def an_admin_request(
    method: str,
    path: str,
    claims: Mapping[str, Any] | None = ADMIN,
    query: Mapping[str, str] | None = None,
    body: object = None,
) -> dict[str, Any]:
    """Return the event of a REST proxy behind a Cognito authorizer.

    Without claims nobody is signed in. A body that is neither text nor None is sent as JSON.
    """
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": {"Accept": "application/json", "Origin": "https://example.org"},
        "multiValueHeaders": {"Accept": ["application/json"], "Origin": ["https://example.org"]},
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "stage": "prod",
            "path": f"/prod{path}",
            "resourcePath": path,
            "httpMethod": method,
            "requestId": "request-1",
            **({} if claims is None else {"authorizer": {"claims": dict(claims)}}),
        },
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }
