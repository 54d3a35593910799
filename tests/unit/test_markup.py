"""HTML becomes the text that people see, in time that grows only with its length."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poll_channels.sources.markup import visible

SECONDS = 2
"""Far more than linear time takes for the longest piece, and far less than quadratic time."""
HOSTILE = [
    "<a ",
    '<a ="',
    '<a ="<a " ',
    "<a ='\"",
    "<a =''=''",
    "<!-- ",
    "<!",
    "<?",
    "<script>",
    "<style>x</style>",
    "</",
    "<![CDATA[",
    "]]>",
    "&a",
    "&#1",
    "<td>",
    '<img src="x">',
    " \t",
]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<table><tr><td>5</td><td>0812</td></tr><tr><th>Desa</th><td>Tirto</td></tr></table>", "5 0812\nDesa Tirto"),
        ("<dl><dt>Alamat</dt><dd>Tirto</dd></dl>", "Alamat\nTirto"),
        ("<option>Satu<option>Dua", "Satu Dua"),
        ("<h2>Judul</h2><section>Isi</section><figcaption>Foto</figcaption>", "Judul\nIsi\nFoto"),
        ("Tir<b>to</b><wbr>adi", "Tirtoadi"),
        ("<![CDATA[Pipa bocor]]>", "Pipa bocor"),
        ("<![CDATA[<p>Pipa</p><p>bocor</p>", "Pipa\nbocor"),
        ("<! [cdata [Pipa]]>", "Pipa"),
        ("Jalan <!-- catatan -->rusak", "Jalan rusak"),
        ("Jalan <!-- rusak parah", "Jalan rusak parah"),
        ("<script>Pipa bocor", "Pipa bocor"),
        ("lampu <mati <b>total</b>", "lampu <mati total"),
        ('Pipa <a href="https://koran.exa', "Pipa"),
        ('<a title="5 > 4">tautan</a>', "tautan"),
        ('<a title="tanpa akhir>tautan</a>', "tautan"),
        ("&#99999999;&#" + "9" * 5000 + ";x", "\ufffd\ufffdx"),
    ],
)
def test_no_word_is_glued_or_hidden(html: str, text: str) -> None:
    """Cells and blocks are parted, and markup that is escaped, broken off or never closed hides nothing."""
    assert visible(html).text == text


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('<img src="https://koran.example/1.jpg"/>', True),
        ("<IMG SRC=1.jpg>", True),
        ('<p><img loading="lazy" data-src="/1.jpg"></p>', True),
        ('<picture><source srcset="1.webp"></picture>', True),
        ('<img src="data:image/png;base64,' + "A" * 5000 + '">', True),
        ('<video src="1.mp4"></video>', True),
        ("<img>", False),
        ('<img alt="x">', False),
        ('<img src="https://hitung.example/p" width="1" height="1">', False),
        ('<img class="wp-smiley" src="senyum.png">', False),
        ("<!-- <img src=1.jpg> -->", False),
        ("&lt;img src=1.jpg&gt;", False),
    ],
)
def test_a_picture_counts_when_people_see_it(html: str, shown: bool) -> None:  # noqa: FBT001 # a column of the table above
    """Counters of readers and little faces are no pictures of a complaint."""
    assert visible(html).has_picture is shown


@pytest.mark.parametrize("piece", HOSTILE)
def test_broken_markup_takes_no_more_time_than_its_length(piece: str) -> None:
    """One feed cannot use up the time of all others."""
    started = time.process_time()
    visible(piece * (2_000_000 // len(piece)))
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("blank", [" ", "&nbsp;", "<p></p>", "<br/>"])
def test_many_blanks_hide_no_text(blank: str) -> None:
    """What nobody sees does not count for the length of a text."""
    assert visible(blank * 20_000 + "Pipa bocor").text == "Pipa bocor"


@given(st.text() | st.text(alphabet="<>/!-[]&;=\"' abCDATAimgsrc?"))
def test_whatever_html_holds_there_is_a_text(html: str) -> None:
    """No input makes the reader fail or repeat itself."""
    assert len(visible(html).text) <= 2 * len(html) + 10
