"""Makes one plain web address of a link as platforms and partners write it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import quote, unquote, urljoin, urlsplit

LONGEST: Final = 2_000
"""Characters of the longest address that is kept. Longer ones are not opened by every browser."""
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?", re.ASCII)
_REFUSED: Final = re.compile(r"[\s\"<>`]")
_REAL_HOST: Final = re.compile(
    r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})", re.IGNORECASE
)
"""A name with a last part of letters: no number, so no IP address in any notation, and no bare name."""
_PRIVATE: Final = re.compile(
    r"(?:^|\.)(?:local|localhost|localdomain|internal|intranet|private|corp|home|lan|arpa|onion|alt|invalid"
    r"|(?:nip|sslip|xip)\.io|localtest\.me|lvh\.me|vcap\.me|lacolhost\.com|traefik\.me)$",
    re.IGNORECASE,
)
"""Ends of names that lead into a private network: RFC 6761, 6762, 7686, 8375 and 9476, what networks use at home, and
services whose names spell an IP address or lead to the reader's own machine."""
_QUOTES: Final = re.compile(
    r"[\"'`<>\u00ab\u00bb\u2018-\u201f\u2039\u203a\uff02\uff07\uff1c\uff1e]|&(?:quot|apos|lt|gt|#)", re.IGNORECASE
)
_ENCODINGS: Final = 4
"""How often an address is decoded at most, to see what somebody may have encoded several times."""
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


def public_address(link: object) -> str:
    """Return a link as `web_address` does if a stranger may be led there; empty otherwise.

    Refused are private networks and IP addresses in any notation, and quotes and angle brackets in any encoding.
    """
    address = web_address(link)
    host = (urlsplit(address).hostname or "") if address else ""
    if not _REAL_HOST.fullmatch(host) or _PRIVATE.search(host) or _QUOTES.search(as_read(address)):
        return ""
    return address


def as_read(address: str) -> str:
    """Return an address with everything decoded, in its normal form (NFKC) and without invisible characters."""
    for _ in range(_ENCODINGS):
        before, address = address, unquote(address)
        if before == address:
            break
    return "".join(sign for sign in unicodedata.normalize("NFKC", address) if unicodedata.category(sign) != "Cf")
