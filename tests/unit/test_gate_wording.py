"""What the desk reads about a run that learnt."""

from __future__ import annotations

from typing import get_args

import pytest

from aduan.directory_loading import load_directory
from aduan.gate_version import RunOutcome
from aduan.notice import GateNotice
from notify.gate_wording import gate_mail
from tests.builders import NOON

DIRECTORY = load_directory()
SENTENCE = "Dari 412 keputusan: kini 31, bukan 58, dari 100 obrolan yang perlu Anda lihat; dari 100 aduan terbuang 2,0."


@pytest.mark.parametrize("outcome", get_args(RunOutcome))
def test_the_sentence_stands_in_both_forms_of_the_mail(outcome: RunOutcome) -> None:
    """Subject and steps say what to do; the sentence says what was learnt and what it costs."""
    mail = gate_mail(GateNotice(learnt_at=NOON, outcome=outcome, sentence=SENTENCE, created_at=NOON), DIRECTORY)
    assert mail.subject.startswith("[Saringan] Saringan obrolan")
    for form in (mail.text, mail.html):
        assert "kini 31, bukan 58, dari 100 obrolan" in " ".join(form.split())
        assert "contoh acak" in " ".join(form.split())
