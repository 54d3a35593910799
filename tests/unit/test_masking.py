"""Personal numbers are masked before anything is stored."""

from __future__ import annotations

import json
import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aduan.masking import leads_to_a_person, masked
from poll_channels.sources.graph import rejected
from tests.builders import a_post, a_rejected
from tests.canaries import some_canaries


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
    """Each form in which people write a number is recognised."""
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
        "iuran 25.000 30.000 45.000 50.000",
        "tanggal 03-11-2019 jam 08.00 sampai 15.30",
        "anggaran Rp 1.081.234.567",
        "petugas P2TL dari PLN, kotak P3K kosong, lapor @BP2MI",
    ],
)
def test_what_a_department_needs_survives(text: str) -> None:
    """Places, dates, amounts and ticket codes are not personal numbers."""
    assert masked(text) == text


@given(st.text(max_size=300))
def test_masking_twice_is_masking_once(text: str) -> None:
    """A stored text can be masked again without a change."""
    assert masked(masked(text)) == masked(text)


DIGITS = st.integers(0, 9).map(str)
SEPARATOR = st.sampled_from(["", " ", "-", "."])


@given(st.text(alphabet=st.characters(categories=["L", "P", "Z"]), max_size=40), st.data())
def test_no_nik_or_mobile_number_survives(words: str, data: st.DataObject) -> None:
    """Wherever it is and however it is grouped, the number is masked in the post and in quarantine."""
    separator = data.draw(SEPARATOR)
    nik = "3404" + data.draw(st.from_regex(r"[0-9]{2}(0[1-9]|[12][0-9])(0[1-9]|1[0-2])[0-9]{6}", fullmatch=True))
    phone = "08" + "".join(data.draw(st.lists(DIGITS, min_size=9, max_size=11)))
    for number in (nik, phone):
        grouped = separator.join(re.findall(".{1,4}", number))
        text = f"{words} {grouped} {words}"
        for kept in (a_post(text=text).text, a_rejected(raw=text).raw):
            assert number not in re.sub(r"\D", "", kept)


@given(st.integers(0, 2**32))
@settings(max_examples=300)
def test_nothing_personal_survives_in_any_form(seed: int) -> None:
    """However it is grouped and whatever precedes it, a number is masked in the post and in quarantine."""
    canaries = some_canaries(Random(seed))  # noqa: S311 # no secret depends on it
    text = f"{', '.join(canary.written for canary in canaries)} ya min"
    unreadable = rejected("instagram:x", {"id": "1", "text": text}, ValueError())
    for kept in (a_post(text=text).text, json.loads(unreadable.raw)["text"]):
        assert [canary.written for canary in canaries if canary.found_in(kept)] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hubungi.081234567890", "hubungi.[telepon]"),
        ("(0812) 3456-7890", "[telepon]"),
        ("0812345678 0812345679", "[telepon] [telepon]"),
        ("3404010101900001 3404010101900002", "[NIK] [NIK]"),
        ("3404010101900001 081234567890", "[NIK] [telepon]"),
        ("NIK 3404\u20130101\u20130190\u20130001", "NIK [NIK]"),
    ],
)
def test_numbers_beside_each_other_are_all_taken(text: str, expected: str) -> None:
    """One number does not hide the next, and a full stop hides none."""
    assert masked(text) == expected


@pytest.mark.parametrize(
    ("name", "personal"),
    [
        ("https://wa.me/6281234567890", True),
        ("https://t.me/+6281234567890", True),
        ("https://contoh.example/?telp=%2B6281234567890", True),
        ("https://contoh.example/?dari=warga%40gmail.com", True),
        ("https://www.facebook.com/100000000000001/posts/122100000000457", False),
        ("https://www.instagram.com/p/DAbCdEfGhIj/", False),
    ],
)
def test_an_address_that_leads_to_a_person_is_known(name: str, personal: bool) -> None:  # noqa: FBT001
    """An address is recognised whether it is written plainly or in escapes."""
    assert leads_to_a_person(name) is personal


def test_a_long_word_takes_no_long_time() -> None:
    """A text without a blank is masked quickly, whatever its length."""
    assert a_post(text="a" * 500_000).text == "a" * 16_000


def test_what_is_quarantined_is_masked_before_it_is_escaped() -> None:
    """In JSON an emoji or a line break is an escape, which must not hide where a number begins."""
    item = {"id": "1", "text": "\U0001f602081234567890\nAB 1234 CD", "tags": ["08120000001"]}
    raw = rejected("instagram:x", item, ValueError()).raw
    assert json.loads(raw) == {"id": "1", "text": "\U0001f602[telepon]\n[plat nomor]", "tags": ["[telepon]"]}


def test_a_stored_post_keeps_its_digest() -> None:
    """However the rules of masking change, a stored version keeps the same digest."""
    stored = a_post(text="some text").model_dump(mode="json") | {"text": "the same text, masked by other rules"}
    assert type(a_post()).model_validate(stored).digest == a_post(text="some text").digest
