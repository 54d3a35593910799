"""A complaint about an office never goes to that office in clear."""

from __future__ import annotations

import pytest

from aduan.confidentiality import any_confidential
from aduan.directory_loading import load_directory
from classify.accusation import accuses_officials
from classify.classifier import classify
from classify.phrase_matches import reader_of

DIRECTORY = load_directory()
READER = reader_of(DIRECTORY)
ACCUSED = (
    "di Polsek Depok dimintai uang",
    "Di kantor kelurahan Caturtunggal dimintai uang 200rb buat KTP",
    "oknum satpol pp minta uang ke pedagang",
    "petugas dukcapil pungli min, minta 100 ribu",
    "polisi di polsek mlati narik duit damai 500rb",
    "petugas dlh minta jatah buat angkut sampah",
    "lurah e njaluk duit nggo tanda tangan",
    "kanit polsek godean memeras saya",
    "dukcapil mungli min, masak cetak KTP bayar",
    "oknum dishub mungli parkir di gejayan",
)
NOT_ACCUSED = (
    "Lapor polisi, dompet saya dicuri dan dimintai uang preman di Condongcatur",
    "ada yang mengaku petugas PLN minta uang ke rumah, palsu itu",
    "tukang parkir di Gejayan minta uang 10 ribu, tolong dishub",
    "lampu jalan depan kantor kelurahan mati, mohon petugas datang",
    "mohon bantuan uang untuk tetangga yang sakit",
)


@pytest.mark.parametrize("text", ACCUSED)
def test_an_accused_office_is_not_told(text: str) -> None:
    """Whatever its lane, a person decides, and all they are told by mail is that it is confidential."""
    triage = classify(text, DIRECTORY)
    assert triage.route != "auto"
    assert triage.department in {None, "desk"}
    assert any_confidential((triage.guess,), DIRECTORY)
    assert triage.runner_up is None


@pytest.mark.parametrize("text", NOT_ACCUSED)
def test_an_office_that_is_only_addressed_or_copied_is_not_accused(text: str) -> None:
    """Who calls the police, or meets somebody who passes for an official, accuses no office."""
    assert not accuses_officials(READER.read(text), DIRECTORY)
