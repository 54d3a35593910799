"""Authors say in their own words that it is not done; other texts only look like that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.contradiction import contradicts

NOT_DONE = (
    "belum",
    "Belum min",
    "belum pak, sama sekali",
    "blm ada yang dateng min",
    "Belum ada perbaikan sampai hari ini",
    "masih rusak",
    "Masih rusak min, tolong dicek lagi",
    "kok masih mati",
    "kok masih gelap ya pak",
    "msh bocor kak",
    "masih belum nyala",
    "Masih sama seperti kemarin",
    "masih gitu gitu aja",
    "masih ada tumpukan sampah di pojok",
    "masih banyak lubang",
    "masih tidak bisa dilewati",
    "lampunya matiii lagi min",
    "Jalannya rusak lagi padahal baru ditambal",
    "sudah ditambal tapi masih bocor",
    "Katanya sudah selesai, nyatanya belum",
    "Belum! Katanya sudah beres",
    "tidak ada perubahan",
    "gak ada petugas yang datang",
    "Tidak benar, belum diperbaiki",
    "bohong, lampunya tidak nyala",
    "belum pernah diperbaiki",
    "belum pernah ada petugas ke sini",
    "kemarin nyala, sekarang mati lagi",
    "sudah seminggu masih menunggu",
    "durung",
    "durung min, isih peteng",
    "isih",
    "isih rusak pak",
    "iseh bolong dalane",
    "kok ijek mati lampune",
    "tasih peteng pak, dereng didandani",
    "dereng wonten perubahan",
    "ora ono perubahan",
    "ora murub min",
    "lampune mati maneh",
    "jarene wis didandani, nanging isih bocor",
    "durung ono sing teko",
    "panggah ambu, durung dijupuk sampahe",
    "podo wae, durung",
    "tetep banjir nek udan",
)
DONE_OR_NOTHING = (
    "sudah, terima kasih",
    "Sudah nyala min, makasih",
    "Terima kasih, sudah diperbaiki",
    "belum pernah sebagus ini",
    "Jalan sini belum pernah semulus ini min, makasih",
    "masih bagus",
    "masih bagus sampai sekarang, terima kasih",
    "masih nyala kok",
    "masih aman min",
    "sudah tidak bocor lagi",
    "udah gak mati lagi, mantap",
    "kemarin masih mati, sekarang sudah nyala",
    "masih mati tadi pagi tapi sekarang sudah menyala",
    "belum lama ini sudah diperbaiki",
    "belum tahu min, nanti saya cek",
    "belum saya cek",
    "belum sempat lewat sana",
    "belum rusak lagi sampai hari ini",
    "udah dibenerin belum min?",
    "kalau belum nanti saya kabari",
    "terima kasih banyak",
    "Matur nuwun, sampun sae",
    "wis murub, suwun min",
    "wes apik, matur nuwun",
    "wis ora bocor maneh",
    "durung tau sakapik iki",
    "isih apik kok",
    "masih ada orang baik di dinas",
    "tetap semangat min",
    "min tolong jalan depan pasar berlubang",
    "lampu mati di depan balai desa",
    "sebelum ini bagus",
    "nanti lapor lagi",
    "",
    "👍👍",
)


@pytest.mark.parametrize("text", NOT_DONE)
def test_who_says_that_it_is_not_done_is_heard(text: str) -> None:
    """A contradiction is recognised in Indonesian, in all registers of Javanese, and in chat spelling."""
    assert contradicts(text)
    assert contradicts(text.upper())


@pytest.mark.parametrize("text", DONE_OR_NOTHING)
def test_thanks_praise_and_news_contradict_nothing(text: str) -> None:
    """A negation is read with what it negates."""
    assert not contradicts(text)


@given(st.text())
def test_no_text_is_too_strange(text: str) -> None:
    """Every text under a ticket is judged without an error."""
    assert contradicts(text) in {True, False}
