"""The evaluator of filter patterns itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.template.filters import PatternError, matches

RECORD = {"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": "POST#1"}, "count": {"N": "1"}}}}


@pytest.mark.parametrize(
    ("pattern", "passes"),
    [
        ({"eventName": ["INSERT"]}, True),
        ({"eventName": ["MODIFY", "INSERT"]}, True),
        ({"eventName": ["MODIFY"]}, False),
        ({"eventName": ["insert"]}, False),
        ({"eventName": ["INSER"]}, False),
        ({"eventName": []}, False),
        ({"eventName": [{"prefix": "INS"}]}, True),
        ({"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "POST#"}]}}}}, True),
        ({"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "TICKET#"}]}}}}, False),
        ({"dynamodb": {"Keys": {"pk": {"N": ["POST#1"]}}}}, False),
        ({"dynamodb": {"Keys": {"sk": {"S": [{"prefix": ""}]}}}}, False),
        ({"eventName": {"deeper": ["INSERT"]}}, False),
        ({"dynamodb": ["INSERT"]}, False),
        ({"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": ["POST#1"]}}}}, True),
        ({"eventName": ["MODIFY"], "dynamodb": {"Keys": {"pk": {"S": ["POST#1"]}}}}, False),
    ],
)
def test_every_key_of_a_pattern_must_meet_one_of_its_alternatives(pattern: dict[str, Any], passes: bool) -> None:  # noqa: FBT001 # a column of the table above
    """All keys must match, and one alternative of each; a missing key matches nothing."""
    assert matches(pattern, RECORD) is passes


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        {"dynamodb": {}},
        {"eventName": "INSERT"},
        {"eventName": [{"suffix": "T"}]},
        {"eventName": [{"anything-but": ["REMOVE"]}]},
        {"eventName": [{"prefix": "I", "suffix": "T"}]},
        {"eventName": [None]},
        {"eventName": ["INSERT", {"exists": False}]},
        {"$or": [{"eventName": ["INSERT"]}]},
    ],
)
def test_what_is_not_modelled_is_refused(pattern: dict[str, Any]) -> None:
    """A pattern with other comparisons fails loudly instead of passing by accident."""
    with pytest.raises(PatternError):
        matches(pattern, RECORD)
