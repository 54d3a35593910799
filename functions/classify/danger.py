"""Tells acute danger in two steps: an emergency wakes its department, a suspected one is told to the desk alone.

The model has learnt witnesses of danger beside news, memories, jokes and fears that use the same words. So its
probability decides, and words only shift how much of it is needed. The second step may be generous, as it wakes nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from aduan.post import ChannelKind
    from classify.model import Probabilities
    from classify.phrase_matches import Reading

Level = Literal["emergency", "suspected", "none"]

_EMERGENCY: Final = 0.3
"""From this probability on somebody is woken: of look-alikes held out in training one in a hundred has it."""
_NAMED: Final = 0.2
"""The same, when the text has a word of emergency that is neither negated nor merely feared."""
_FEARED: Final = 0.5
"""The same, when the text speaks of fear: an author afraid that a tree may fall writes almost like one under it."""
_REPORT: Final = 0.3
"""An emergency must be a report with at least this probability: a sauce that sets the throat on fire wakes nobody."""
_SUSPECTED: Final = 0.1
_SUSPECTED_NAMED: Final = 0.04
"""From these on the desk looks at once, without and with a word of emergency."""
_NEWS: Final = frozenset({"rss"})
"""Kinds of channels that tell what happened to others, and never wake anybody."""


def danger_of(
    reading: Reading, probable: Probabilities, channel_kind: ChannelKind | None = None, *, addressed: bool = True
) -> Level:
    """Return how acute the danger is of which a text speaks.

    A danger outside the county is none of ours. What addresses nobody (`addressed` is False) is suspected only when it
    would be an emergency anywhere else: most such posts pass on what others saw.
    """
    if channel_kind in _NEWS or reading.where.owner is not None:
        return "none"
    likely, named = probable.urgency["emergency"], reading.matches.emergency is not None
    needed = _FEARED if reading.matches.marks.get("fear") else _NAMED if named else _EMERGENCY
    if likely >= needed and probable.report >= _REPORT:
        return "emergency"
    if not addressed:
        return "suspected" if likely >= needed else "none"
    return "suspected" if likely >= (_SUSPECTED_NAMED if named else _SUSPECTED) else "none"
