"""Links in texts of strangers: none can be clicked. `aduan.source_link` has the one that may be."""

from __future__ import annotations

import re
from typing import Final


def defanged(text: str) -> str:
    """Rewrite the links in a text so that no mail program makes them clickable: ``hxxps[:]//bit[.]ly/x``."""
    text = _WEB.sub("hxxp", _SCHEME.sub(lambda scheme: f"{scheme[0][:-1]}[:]", text))
    return _WORD.sub(lambda word: _DOT.sub("[.]" if _LINK.search(word[0]) else ". ", word[0]), text)


_SCHEME: Final = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,30}\s?:(?=\s?//)|(?:mailto|tel|sms|javascript|data|vbscript):(?=\S))", re.IGNORECASE
)
_WEB: Final = re.compile(r"\bhttp", re.IGNORECASE)
_WORD: Final = re.compile(r"\S+")
_DOT: Final = re.compile("(?<=\\w)[.\u3002\uff0e\uff61](?=[^\\W\\d_]{2})")
"""A dot that may stand in a host name. Outside a link it is taken for a full stop without its space, and gets one. So
an address under a top-level domain that `_LINK` does not list is not clickable either."""
_LINK: Final = re.compile(
    r"//|\bwww\d?\W|@|\w\W[^\W\d_]{2,}[/:?]"
    r"|\W(?:com|net|org|id|info|biz|me|io|ly|gg|co|cc|to|be|link|xyz|top|shop|store|online|site|app|page|dev|vip|live)\b",
    re.IGNORECASE,
)
