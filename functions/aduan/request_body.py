"""The body of a request as API Gateway hands it over."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from aduan.refusal import invalid, too_large


def raw_body(event: Mapping[str, Any], most: int) -> bytes:
    """The very bytes that were sent, which the gateway may have wrapped into base 64.

    Raises:
        RefusedError: 413 when they are more than `most`, 400 when they are no base 64 although they should be.
    """
    data = str(event.get("body") or "").encode("utf-8", "surrogatepass")
    wrapped = bool(event.get("isBase64Encoded"))
    # Four letters of base 64 are three bytes: too long is seen before anything is decoded.
    if len(data) > (most * 4 // 3 + 4 if wrapped else most):
        raise too_large(most)
    if wrapped:
        try:
            data = base64.b64decode(data, validate=True)
        except ValueError:
            raise invalid("body", "Isi permintaan bukan base64 yang sah.") from None
        if len(data) > most:
            raise too_large(most)
    return data


def json_object(data: bytes) -> dict[str, Any]:
    """The JSON object a body holds.

    Raises:
        RefusedError: 400.
    """
    try:
        value = json.loads(data.decode())
    except (ValueError, RecursionError):  # also what is no UTF-8
        raise invalid("body", "Isi permintaan harus JSON yang sah.") from None
    if not isinstance(value, dict):
        raise invalid("body", "Isi permintaan harus satu objek JSON.")
    return value
