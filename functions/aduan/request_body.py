"""Reads the body of a request that API Gateway hands over."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from aduan.refusal import invalid, too_large


def raw_body(event: Mapping[str, Any], most: int) -> bytes:
    """Return the exact bytes that were sent, which the gateway may have encoded in base 64.

    Raises:
        RefusedError: 413 when there are more than `most` bytes, 400 when the base 64 is not valid.
    """
    data = str(event.get("body") or "").encode("utf-8", "surrogatepass")
    wrapped = bool(event.get("isBase64Encoded"))
    # Four letters of base 64 are three bytes, so a body that is too long is refused before it is decoded.
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
    """Return the JSON object in a body, without half letters: each becomes a question mark, in keys as in values.

    Raises:
        RefusedError: 400 when the body is not valid JSON, or not an object.
    """
    try:
        text = data.decode("utf-8-sig")  # some programs put a byte order mark before their JSON
        value = json.loads(text)
        if "\\ud" in text.lower():
            # JSON may escape half of a letter (a lone surrogate), which no store, log or answer can hold.
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):  # a ValueError is also raised for a body that is not UTF-8
        raise invalid("body", "Isi permintaan harus JSON yang sah.") from None
    if not isinstance(value, dict):
        raise invalid("body", "Isi permintaan harus satu objek JSON.")
    return value
