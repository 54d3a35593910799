"""Executes Lambda's event filter patterns, as far as the template uses them, and refuses all other patterns.

A pattern is an object of nested keys. Each ends in a list of alternatives, one of which the record's value must match.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class PatternError(Exception):
    """The pattern uses something that is not modelled here."""


def matches(pattern: Mapping[str, Any], record: Any) -> bool:
    """Tell whether a record passes: it has every key of the pattern, and each value matches an alternative."""
    if not pattern:
        raise PatternError("an empty pattern lets everything pass")
    for key, wanted in pattern.items():
        if key.startswith("$"):
            raise PatternError(f"{key} is not modelled")
        value = record.get(key) if isinstance(record, Mapping) else None
        if isinstance(wanted, Mapping):
            if not matches(wanted, value):
                return False
        elif isinstance(wanted, list):
            met = [_meets(alternative, value) for alternative in wanted]  # all of them: each must be modelled
            if not any(met):
                return False
        else:
            raise PatternError(f"{key}: {wanted!r} is no list of alternatives")
    return True


def _meets(alternative: Any, value: Any) -> bool:
    if isinstance(alternative, Mapping):
        if set(alternative) != {"prefix"}:
            raise PatternError(f"{dict(alternative)} is not modelled")
        return isinstance(value, str) and value.startswith(alternative["prefix"])
    if isinstance(alternative, str):
        return isinstance(value, str) and value == alternative
    raise PatternError(f"{alternative!r} is not modelled")
