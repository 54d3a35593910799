"""A model on Amazon Bedrock: its answers, and the environment of a deployment that asks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from classify.second_opinion import TOOL

MODEL: Final = "apac.example.small-v1:0"
ON: Final = {
    "SECOND_OPINION_MODEL": MODEL,
    "SECOND_OPINION_SECONDS": "4",
    "SECOND_OPINION_MONTHLY_USD": "5",
    "SECOND_OPINION_INPUT_USD": "1",
    "SECOND_OPINION_OUTPUT_USD": "5",
}
"""Environment of a deployment that asks the model."""
OFF: Final = ON | {"SECOND_OPINION_MODEL": ""}
"""Environment of a deployment that asks no model."""
USAGE: Final = {"inputTokens": 1_400, "outputTokens": 90, "totalTokens": 1_490}
SPENT: Final = 1_400 * 1 + 90 * 5
"""Cost of an answer with `USAGE` at the prices of `ON`, in millionths of a USD."""


def codes(**changes: Any) -> dict[str, Any]:
    """The arguments of the model's tool call: a complaint about a street lamp."""
    return {"is_report": True, "kind": "complaint", "topic": "penerangan_jalan", "urgency": "normal"} | changes


def a_response(given: Any = None, usage: Mapping[str, Any] = USAGE) -> dict[str, Any]:
    """An answer of the Converse API that calls the tool once."""
    use = {"toolUseId": "tooluse_1", "name": TOOL, "input": codes() if given is None else given}
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": "Baik. KENARI-LLM"}, {"toolUse": use}]}},
        "stopReason": "tool_use",
        "usage": dict(usage),
        "metrics": {"latencyMs": 900},
    }
