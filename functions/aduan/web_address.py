"""Makes one plain web address of a link as platforms and partners write it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

LONGEST: Final = 2_000
"""Characters of the longest address that is kept. Longer ones are not opened by every browser."""
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?", re.ASCII)
_REFUSED: Final = re.compile(r"[\s\"<>`]")
_MEANINGFUL: Final = "!#$%&'()*+,/:;=?@[]\\^~"
"""Signs that stay in an address as they are; ``%`` too, so that nothing is encoded twice."""


def web_address(link: object, base: str = "") -> str:
    """Return a link as an address in ASCII that a mail or a browser opens; empty when there is none.

    A relative link is completed with `base`. Letters that no address may hold are encoded as browsers do it. Refused
    are other schemes than http and https, a user name before the host, blanks, quotes, angle brackets, control
    characters, and more than `LONGEST` characters.
    """
    link = link.strip() if isinstance(link, str) else ""
    if not link or len(link) > LONGEST or not link.isprintable() or _REFUSED.search(link):
        return ""
    try:
        parts = urlsplit(urljoin(base, link))
        host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
        path, query, fragment = (quote(part, safe=_MEANINGFUL) for part in parts[2:])
    except ValueError:  # also raised for half a letter, and for a host that cannot be encoded
        return ""
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        return ""
    tail = f"{path}{f'?{query}' if query else ''}{f'#{fragment}' if fragment else ''}"
    address = f"{parts.scheme}://{host}{f'/{tail}' if tail and not path else tail}"
    return address if len(address) <= LONGEST else ""
