"""What a text shows besides its words: questions, emoji, mentions, capitals, and how long it is."""

from __future__ import annotations

import re
from typing import Final

_EMOJI: Final = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")
_PATTERNS: Final = tuple(
    (name, re.compile(pattern))
    for name, pattern in {
        "?": r"\?",
        "?$": r"\?\W*$",
        "??": r"\?\s*\?",
        "!": "!",
        "@": r"(?<!\w)@\w|<USER>",
        "^@": r"^\s*(?:@\w|<USER>)",
        "#": r"(?<!\w)#\w",
        "link": r"https?://|www\.|<URL>",
        "...": r"\.\.\.|…",
        "number": r"\d",
        "quote": '["“”]',
    }.items()
)
_LENGTHS: Final = (1, 2, 3, 5, 8, 12, 18, 25, 40, 60)
"""A text is in the first of these classes that holds its number of words, or in the one above all."""
_LONGER: Final = (2, 4, 7, 12, 20, 35)
_FEWEST_LETTERS: Final = 6
_LOUD: Final = 0.7
"""A text shouts when more than this share of its letters are capitals."""
_SPACED: Final = re.compile(r"(?<!\w)(?:[^\W\d_][ .\-_*]){3,}[^\W\d_](?!\w)")
"""A word whose letters are set apart: ``r u s a k``."""
_LEET: Final = re.compile(r"(?<!\w)(?=\w*[^\W\d_]{1})[^\W\d_]+[0134578@$]+[^\W\d_]+[\w@$]*(?!\w)")
"""A word with digits in place of letters between letters: ``j4lan``, ``rus4k``."""
_FEWEST_LEET: Final = 2
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S+|(?<!\w)@[\w.]+|[\w.+-]+@[\w-]+\.[\w.-]+")
"""Links and names of accounts have digits and dots among their letters without hiding anything."""


def signs_of(text: str) -> list[str]:
    """List the signs of a text, each at most once. Never raises, whatever the text."""
    found = [name for name, pattern in _PATTERNS if pattern.search(text)]
    emoji = sorted(set(_EMOJI.findall(text)))
    found += [f"e:{one}" for one in emoji]
    if emoji:
        found.append("emoji")
    letters = [letter for letter in text if letter.isalpha()]
    if len(letters) >= _FEWEST_LETTERS and sum(map(str.isupper, letters)) > _LOUD * len(letters):
        found.append("loud")
    words = len(text.split())
    found.append(f"words<={next((length for length in _LENGTHS if words <= length), 'many')}")
    return found + [f"words>{length}" for length in _LONGER if words > length]


def is_disguised(text: str) -> bool:
    """Tell whether words are spelt so that a program does not read them: letters set apart, or digits for letters."""
    plain = _ADDRESS.sub(" ", text)
    return _SPACED.search(plain) is not None or len(_LEET.findall(plain)) >= _FEWEST_LEET
