"""How a browser shows the pages: one style for all of them, and the headers that forbid everything else."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from markupsafe import Markup

_CSS: Final = """
*{box-sizing:border-box}
html{color-scheme:light;-webkit-text-size-adjust:100%}
body{margin:0;background:#fff;color:#1b1b1b;font:17px/1.5 Arial,Helvetica,sans-serif}
main{max-width:640px;margin:0 auto;padding:16px}
h1{font-size:24px;line-height:1.25;margin:8px 0 12px}
p{margin:0 0 12px;overflow-wrap:anywhere}
.from,.label,dt,.small{color:#4a4a4a;font-size:15px}
.label{margin:0}
.code{font-size:26px;font-weight:bold;letter-spacing:1px;margin:0;white-space:nowrap}
mark{background:#ffe9a8;color:inherit;padding:0 2px}
.nowrap{white-space:nowrap}
.ending{width:7em;text-transform:uppercase;letter-spacing:2px;font-size:22px;font-weight:bold}
section{border:1px solid #c9ced6;border-left:6px solid #1f4e79;padding:14px;margin:16px 0}
dl{margin:12px 0}
dd{margin:0 0 8px;overflow-wrap:anywhere}
blockquote,.instead{margin:4px 0 0;padding:12px;background:#f3f5f8;overflow-wrap:anywhere}
.error{border:2px solid #b3261e;padding:12px;font-weight:bold}
label{display:block;font-weight:bold;margin:16px 0 6px}
label span{display:block;font-weight:normal;font-size:15px;color:#4a4a4a}
input,select,textarea,button{width:100%;font:inherit;color:inherit;padding:12px;background:#fff}
input,select,textarea,button{border:1px solid #6b7280;border-radius:4px}
input,select,button{min-height:52px}
button{margin:24px 0;background:#1f4e79;border-color:#1f4e79;color:#fff;font-weight:bold;font-size:18px}
:focus-visible{outline:3px solid #f0a500;outline-offset:2px}
.small{border-top:1px solid #dde1e7;padding-top:12px}
"""
STYLE: Final = Markup(_CSS)  # noqa: S704 # our own, and the header names its hash
HEADERS: Final[Mapping[str, str]] = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()}'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    # Whoever has the address may act, so it is passed on to no other site and to no search engine.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Strict-Transport-Security": "max-age=31536000",
}
"""Headers of every page. They allow it to load nothing but its own style, to run nothing, and to be framed nowhere."""
