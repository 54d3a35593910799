"""Decisions of a desk about comments that are easily told apart."""

from __future__ import annotations

import random

from learn.fitting import Decision

CHEERS = ("semangat", "mantap", "sehat", "amin", "keren", "hore", "lucu", "ganteng", "barokah", "sukses")
PLEAS = ("gelap", "bocor", "mampet", "macet", "bau", "retak", "rubuh", "lapor", "lambat", "kotor")
NAMES = ("pak", "bu", "mas", "mbak", "lur", "dab", "kang", "om", "tante", "eyang")


def comments(words: tuple[str, ...], number: int, *, seed: int) -> list[str]:
    """Make comments of these words, all different."""
    draw = random.Random(seed)  # noqa: S311 # test data
    made: set[str] = set()
    while len(made) < number:
        made.add(" ".join((*draw.sample(words, 3), *draw.sample(NAMES, 2))))
    return sorted(made)


def decided(reports: int = 100, chatter: int = 200, *, by: str | None = None) -> list[Decision]:
    """Return decisions of a desk that is right: pleas are complaints, cheers are chatter."""
    return [
        *(Decision(text, "complaint", text, by=by) for text in comments(PLEAS, reports, seed=1)),
        *(Decision(text, "other", text, by=by) for text in comments(CHEERS, chatter, seed=2)),
    ]
