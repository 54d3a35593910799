"""Personal numbers do not survive the door."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.masking import masked
from poll_channels.sources.graph import rejected
from tests.builders import a_post, a_rejected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NIK saya 3404010101900001 tidak online", "NIK saya [NIK] tidak online"),
        ("NIK 3404 0141 0190 0001", "NIK [NIK]"),
        ("kartu 1234567890123456", "kartu [nomor]"),
        ("hubungi 0812-0000-0001 ya", "hubungi [telepon] ya"),
        ("WA +62 812 0000 0001", "WA [telepon]"),
        ("wa 6281200000001.", "wa [telepon]."),
        ("telp (0274) 868405", "telp [telepon]"),
        ("telp +62 274 868405", "telp [telepon]"),
        ("wa 0812 - 3456 - 7890", "wa [telepon]"),
        ("wa 0812\u20133456\u20137890", "wa [telepon]"),
        ("wa +62 812\u20113456\u20117890", "wa [telepon]"),
        ("\U0001f602081234567890", "\U0001f602[telepon]"),
        ("telp 0274-868405", "telp [telepon]"),
        ("kirim ke contoh.warga@example.com saja", "kirim ke [surel] saja"),
        ("plat AB 1234 XY ngebut", "plat [plat nomor] ngebut"),
        ("plat ab 1234 xy ngebut", "plat [plat nomor] ngebut"),
        ("transfer BCA 1234567890 a.n.", "transfer BCA [rekening] a.n."),
        ("no rekening: 0012-3456-789", "no rekening: [rekening]"),
        ("Jl. Melati No. 12 rusak", "Jl. Melati No. [nomor rumah] rusak"),
        ("rumah no. 40 dan no. 42", "rumah no. [nomor rumah] dan no. [nomor rumah]"),
        ("perum Griya blok C no 7b banjir", "perum Griya blok C no [nomor rumah] banjir"),
    ],
)
def test_a_personal_number_is_replaced_by_what_it_was(text: str, expected: str) -> None:
    """Each form people write is recognised."""
    assert masked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Jl. Kaliurang km 9,5 lampu mati 4 hari",
        "sejak 2019-11-03 belum ada tindakan",
        "RT 03 RW 12 Condongcatur",
        "iuran 25.000 per bulan, total 1.250.000",
        "parkir 3rb, harusnya 2rb",
        "aduan SLM-4K7P2M kemarin",
        "jam 08.00 sampai 15.30",
        "lampu merah mati di 3 titik",
        "dana desa 1.200.000.000",
    ],
)
def test_what_a_department_needs_survives(text: str) -> None:
    """Places, dates, amounts and ticket codes are nobody's personal numbers."""
    assert masked(text) == text


@given(st.text(max_size=300))
def test_masking_twice_is_masking_once(text: str) -> None:
    """A stored text can pass the door again."""
    assert masked(masked(text)) == masked(text)


DIGITS = st.integers(0, 9).map(str)
SEPARATOR = st.sampled_from(["", " ", "-", "."])


@given(st.text(alphabet=st.characters(categories=["L", "P", "Z"]), max_size=40), st.data())
def test_no_nik_or_mobile_number_survives(words: str, data: st.DataObject) -> None:
    """Wherever it stands and however it is grouped, the digits are gone from the post and from quarantine."""
    separator = data.draw(SEPARATOR)
    nik = "3404" + data.draw(st.from_regex(r"[0-9]{2}(0[1-9]|[12][0-9])(0[1-9]|1[0-2])[0-9]{6}", fullmatch=True))
    phone = "08" + "".join(data.draw(st.lists(DIGITS, min_size=9, max_size=11)))
    for number in (nik, phone):
        grouped = separator.join(re.findall(".{1,4}", number))
        text = f"{words} {grouped} {words}"
        for kept in (a_post(text=text).text, a_rejected(raw=text).raw):
            assert number not in re.sub(r"\D", "", kept)


def test_a_long_word_takes_no_long_time() -> None:
    """A text without a blank is masked in a moment, whatever its length."""
    assert a_post(text="a" * 500_000).text == "a" * 16_000


def test_what_is_quarantined_is_masked_before_it_is_escaped() -> None:
    """In JSON an emoji or a line's end is an escape, which must not hide where a number begins."""
    item = {"id": "1", "text": "\U0001f602081234567890\nAB 1234 CD", "tags": ["08120000001"]}
    raw = rejected("instagram:x", item, ValueError()).raw
    assert json.loads(raw) == {"id": "1", "text": "\U0001f602[telepon]\n[plat nomor]", "tags": ["[telepon]"]}


def test_a_stored_post_keeps_its_digest() -> None:
    """Whatever the rules of masking become, a version that was stored is still that version."""
    stored = a_post(text="some text").model_dump(mode="json") | {"text": "the same text, masked by other rules"}
    assert type(a_post()).model_validate(stored).digest == a_post(text="some text").digest
