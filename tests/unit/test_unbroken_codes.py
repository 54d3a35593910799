"""The code of a ticket stands on one line, so that it can be read out and copied."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import notify
from aduan.templating import unbroken

MAILS = Path(notify.__file__).with_name("templates")


def test_a_code_is_kept_whole_and_all_else_is_escaped() -> None:
    """Each code of a text is, in a mail by a style and on a page by a class."""
    assert unbroken("<b> SLM-3ET3BN") == '&lt;b&gt; <span style="white-space:nowrap;">SLM-3ET3BN</span>'
    assert str(unbroken("SLM-3ET3BN, SLM-33G8V5", 'class="nowrap"')).count('<span class="nowrap">') == 2
    assert unbroken("tanpa kode") == "tanpa kode"


@pytest.mark.parametrize("name", ["mail.html.j2", "digest.html.j2", "operations_mail.html.j2"])
def test_every_sentence_and_every_cell_of_a_mail_is_shown_so(name: str) -> None:
    """No sentence or value of a table is put into a mail in another way."""
    source = (MAILS / name).read_text(encoding="utf-8")
    shown = re.findall(r"\{\{ ((?:letter\.)?(?:greeting|opening|paragraph|step|value|forward))\b([^}]*)\}\}", source)
    assert len(shown) >= 3
    assert {rest.strip() for _, rest in shown} == {"| unbroken"}
