from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aduan.directory_loading import load_directory
from aduan.plain_text import in_wib, readable
from aduan.post import Post
from aduan.safe_text import defanged
from aduan.ticket import Ticket
from aduan.triage import DESK, Place
from notify.case import Case, DeskReason
from notify.gsm_alphabet import septets
from notify.wording import Mail, mail, sms
from tests.builders import a_post, a_ticket, a_triage
from tests.letters import CLICKABLE, HIDDEN, links_of

DIRECTORY = load_directory()
DESK_REASONS: tuple[DeskReason | None, ...] = (None, "undecided", "no_contact", "unknown_department")


def write(
    department: str = "dishub",
    desk_reason: DeskReason | None = None,
    post: Post | None = None,
    ticket: Ticket | None = None,
    **triage: Any,
) -> Mail:
    """Return the mail about the builders' ticket, with some fields changed."""
    post = post or a_post(triage=a_triage(**({"department": department} | triage)))
    ticket = ticket or a_ticket(department=department)
    return mail(Case(ticket, post, DIRECTORY.departments[department], desk_reason, DIRECTORY))


def test_a_mail_says_everything_an_officer_needs() -> None:
    """Code, words, topic, place, times, link, channel, urgency, due date and reason are in both forms."""
    written = write(ticket=a_ticket(due_at=datetime(2026, 11, 20, 9, tzinfo=UTC)))
    for form in (written.text, links_of(written.html).text.replace("\u00a0", " ")):
        for said in (
            a_ticket().code,
            "Yth. Dinas Perhubungan,",
            "lampu jalan depan pasar Condongcatur mati",
            "Penerangan jalan umum",
            "Condongcatur, Kapanewon Depok",
            "Selasa, 3 November 2026 pukul 12.00 WIB",
            "Jumat, 20 November 2026 pukul 16.00 WIB",
            "Instagram @kabarsleman",
            "Biasa",
            "kata kunci: lampu jalan",
        ):
            assert said in form
    assert a_post().permalink in written.text
    assert links_of(written.html).links == [a_post().permalink]


def test_the_subject_is_short_and_names_code_topic_and_place() -> None:
    """The subject alone distinguishes one complaint from another."""
    assert write().subject == f"[{a_ticket().code}] Penerangan jalan umum \u2013 Condongcatur"


def test_an_emergency_is_seen_in_the_subject_and_first() -> None:
    """An emergency is stated before anything else."""
    written = write(ticket=a_ticket(urgency="emergency"))
    assert "] DARURAT: " in written.subject
    assert "darurat. Mohon segera ditangani" in written.text
    assert "DARURAT" in written.html


def test_the_desk_is_told_how_sure_the_guess_is_and_what_else_it_may_be() -> None:
    """For an uncertain post the desk gets guess and runner-up with their certainty, the words, and what judged."""
    triage = a_triage(
        department=DESK,
        guess="dishub",
        confidence=0.62,
        runner_up="dpupkp",
        runner_up_probability=0.314,
        route="desk",
        decided_by="model 0123456789ab/ba9876543210/abcdefabcdef",
    )
    ticket = a_ticket(department=DESK, status="needs_review", runner_up="dishub")
    written = mail(Case(ticket, a_post(triage=triage), DIRECTORY.departments[DESK], "undecided", DIRECTORY))
    assert "Perlu keputusan" in written.subject
    for form in (written.text, links_of(written.html).text):
        assert "Yth. Meja Aduan Diskominfo," in form
        assert "Dugaan sistem: Dinas Perhubungan (keyakinan 62 persen). Kemungkinan lain: Dinas Pekerjaan Umum" in form
        assert "(31 persen)." in form
        assert "kata kunci: lampu jalan; kata kunci: mati" in form
        assert "Dinilai oleh model 0123456789ab, aturan ba9876543210, direktori abcdefabcdef." in form


@pytest.mark.parametrize(
    ("confidence", "said"),
    [(0.0, "kurang dari 1 persen"), (0.996, "99 persen"), (1.0, "99 persen"), (0.5, "50 persen")],
)
def test_no_guess_is_certain_or_impossible(confidence: float, said: str) -> None:
    """Rounding never turns a guess into a certainty."""
    triage = a_triage(department=DESK, guess="dishub", confidence=confidence, runner_up=None, route="desk")
    written = mail(
        Case(a_ticket(department=DESK), a_post(triage=triage), DIRECTORY.departments[DESK], "undecided", DIRECTORY)
    )
    assert f"Dugaan sistem: Dinas Perhubungan (keyakinan {said})." in written.text
    assert "Kemungkinan lain" not in written.text


def test_only_the_desk_is_told_what_judged() -> None:
    """A department gets the deciding words without the hashes; after a person's decision nobody gets either."""
    assert "Dinilai oleh" not in write().text + write().html
    assert "Dinilai oleh rules-1" in write(desk_reason="no_contact").text
    by_person = write("dlh", desk_reason="no_contact", post=a_post(triage=a_triage(department="dishub")))
    assert "Dinilai oleh" not in by_person.text


def test_the_desk_is_asked_to_pass_on_what_has_no_contact() -> None:
    """The desk learns the name of the department without contact and is asked to pass the mail on."""
    written = write(desk_reason="no_contact")
    assert "Yth. Meja Aduan Diskominfo," in written.text
    assert "ditujukan kepada Dinas Perhubungan, tetapi kontaknya belum terdaftar" in written.text
    assert "Mohon diteruskan" in written.subject


def test_an_outside_owner_is_told_that_the_county_only_passes_it_on() -> None:
    """Somebody outside the county gets neither an order nor a deadline from it."""
    written = write("pln")
    assert "di luar kewenangan Pemerintah Kabupaten Sleman; kami hanya meneruskannya" in written.text
    assert "Tenggat" not in written.text


def test_a_group_is_called_by_the_place() -> None:
    """The 17 kapanewon are one entry in the directory; the mail names the right one."""
    assert "Yth. Kapanewon Depok," in write("kapanewon").text


def test_a_department_chosen_by_a_person_is_not_given_the_classifiers_reasons() -> None:
    """After a correction the mail says that a person decided."""
    written = write("dlh", post=a_post(triage=a_triage(department="dishub")))
    assert "ditetapkan oleh petugas Diskominfo" in written.text
    assert "kata kunci" not in written.text


def test_a_post_with_only_a_photo_says_so() -> None:
    """A mail about a post without words points to the photo."""
    written = write(post=a_post(text="", has_photo=True, triage=a_triage()))
    assert "hanya berupa foto" in written.text
    assert "hanya berupa foto" in written.html


@pytest.mark.parametrize(
    ("role", "desk_reason"),
    # a department is told only of matters that are clearly its own, so a runner-up hides nothing there
    [
        *product(("owner", "decided"), DESK_REASONS),
        *product(("runner_up of the ticket", "runner_up of the post", "guess of the post"), DESK_REASONS[1:]),
    ],
)
def test_a_confidential_matter_carries_no_text(role: str, desk_reason: DeskReason | None) -> None:
    """Neither words, topic, place, channel, reasons nor link of a confidential matter leave by mail or SMS."""
    secret = "inspektorat"
    triage = a_triage(
        department=secret if role in {"owner", "decided"} else "dishub",
        guess=secret if role == "guess of the post" else None,
        runner_up=secret if role == "runner_up of the post" else None,
    )
    department = secret if role == "owner" else "dishub"
    ticket = a_ticket(department=department, runner_up=secret if role == "runner_up of the ticket" else None)
    post = a_post(triage=triage)
    about = (ticket, post, DIRECTORY.departments[department], desk_reason, DIRECTORY)
    written = mail(Case(*about))
    for said in (written.subject, written.text, written.html, sms(Case(*about))):
        for word in ("lampu", "Penerangan", "Condongcatur", "Depok", "instagram", "Instagram", "http"):
            assert word not in said
        assert ticket.code in said


texts = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("\u202e\u200b\u2066\u2028\r\n\t.:/@<&{%w")))


@given(texts)
@example("https://jahat.example/x www.jahat.com mailto:a@b.co javascript:alert(1) bit.ly/x HTTP://A.ID")
@example("<script>alert(1)</script><a href=https://jahat.example>klik</a>{{ 7 * 7 }}{% raw %}")
@example("rusak\u202egnp.exe\u202c dan\u200b \u2066tersembunyi")
@example("tolong\r\nBcc: semua@sleman.example\r\n\r\n> kutipan palsu")
@example("0.A\x85A")
def test_a_citizens_words_cannot_do_anything(text: str) -> None:
    """A citizen's text adds no link, element, hidden character or line to the letter around it."""
    plain, hostile = write(post=a_post(text="x", triage=a_triage())), write(post=a_post(text=text, triage=a_triage()))
    found = links_of(hostile.html)
    assert found.links == [a_post().permalink]
    assert not CLICKABLE.search(found.text)
    assert not HIDDEN.search(hostile.html + hostile.text)
    assert not CLICKABLE.search(hostile.text.replace(a_post().permalink, ""))
    assert hostile.subject == plain.subject
    around = [line for line in hostile.text.splitlines() if not line.startswith("> ") and line != ">"]
    if a_post(text=text).text and readable(text):
        assert around == [line for line in plain.text.splitlines() if not line.startswith("> ")]


@given(texts)
def test_headers_cannot_be_injected(text: str) -> None:
    """No name of a place or topic, however broken, puts a line break into a subject."""
    topics = {
        **DIRECTORY.topics,
        "penerangan_jalan": DIRECTORY.topics["penerangan_jalan"].model_copy(update={"label": text}),
    }
    broken = DIRECTORY.model_copy(update={"topics": topics})
    ticket = a_ticket(place=Place(kalurahan=text))
    subject = mail(Case(ticket, a_post(triage=a_triage()), DIRECTORY.departments["dishub"], None, broken)).subject
    assert subject.isprintable()
    assert subject.startswith(f"[{ticket.code}]")


@pytest.mark.parametrize(
    "permalink",
    [
        "javascript:alert(1)",
        "https://a@b.example/",
        'https://a.example/"onclick="x',
        "ftp://a.example/",
        "",
        "https://a b/",
    ],
)
def test_only_a_web_address_becomes_a_link(permalink: str) -> None:
    """A post's address that is no plain web address is left out."""
    assert links_of(write(ticket=a_ticket(permalink=permalink)).html).links == []


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("https://bit.ly/x?a=1", "hxxps[:]//bit[.]ly/x?a=1"),
        ("lihat www.contoh.co.id", "lihat www[.]contoh[.]co[.]id"),
        ("mati.Mohon segera", "mati. Mohon segera"),
        ("Jl.Kaliurang km 5.5 jam 13.41", "Jl. Kaliurang km 5.5 jam 13.41"),
        ("sudah 3 hari... tolong", "sudah 3 hari... tolong"),
    ],
)
def test_links_are_broken_and_sentences_are_not(written: str, shown: str) -> None:
    """A link is shown in the usual harmless form; a full stop without a space only gets its space."""
    assert defanged(written) == shown


def test_a_long_post_is_cut_with_a_word_about_it() -> None:
    """A mail shows the beginning of a very long post and says that there is more."""
    written = write(post=a_post(text="rusak " * 2_000, triage=a_triage()))
    assert "(dipotong)" in written.text
    assert len(written.html) < 20_000


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 11, 3, 6, 41, 9, tzinfo=UTC), "Selasa, 3 November 2026 pukul 13.41 WIB"),
        (datetime(2026, 12, 31, 17, 5, tzinfo=UTC), "Jumat, 1 Januari 2027 pukul 00.05 WIB"),
    ],
)
def test_moments_are_written_in_indonesian_and_wib(moment: datetime, shown: str) -> None:
    """Days and months have their Indonesian names whatever the machine's language is."""
    assert in_wib(moment) == shown


names = st.one_of(st.sampled_from(["Condongcatur", "Ambarketawang", "^{}[]~|\\€", ""]), texts)


@given(
    topic=st.one_of(st.sampled_from(sorted(DIRECTORY.topics)), texts),
    department=st.sampled_from(sorted(DIRECTORY.departments)),
    desk_reason=st.sampled_from(DESK_REASONS),
    urgency=st.sampled_from(["emergency", "urgent", "normal"]),
    name=names,
    label=names,
)
def test_an_sms_is_one_part_without_a_word_of_the_citizen(  # noqa: PLR0913, PLR0917 # one per thing that varies
    topic: str, department: str, desk_reason: DeskReason | None, urgency: str, name: str, label: str
) -> None:
    """The SMS for any ticket has at most 160 septets of the GSM alphabet, with its code."""
    topics = dict(DIRECTORY.topics)
    if topic not in topics:
        topics[topic] = topics["jalan"].model_copy(update={"label": label})
    directory = DIRECTORY.model_copy(update={"topics": topics})
    ticket = a_ticket(topic=topic, department=department, urgency=urgency, place=Place(kalurahan=name))
    post = a_post(text="KATA-KATA WARGA", triage=a_triage(department=department))
    text = sms(Case(ticket, post, DIRECTORY.departments[department], desk_reason, directory))
    length = septets(text)
    assert length is not None
    assert length <= 160
    assert ticket.code in text
    assert text.startswith("DARURAT") == (urgency == "emergency")
    assert "KATA" not in text
    assert "\n" not in text


def test_an_emergency_sms_reads_as_a_sentence() -> None:
    """The SMS for a fire says what, where and that it is urgent."""
    ticket = a_ticket(topic="bencana", department="damkar", urgency="emergency")
    text = sms(Case(ticket, a_post(triage=a_triage()), DIRECTORY.departments["damkar"], None, DIRECTORY))
    assert text == (
        f"DARURAT {ticket.code}: Bencana, kebakaran, dan penyelamatan di Condongcatur. "
        "Mohon segera ditangani. Rincian di surel Aduan Sleman."
    )


@pytest.mark.parametrize(("text", "length"), [("abc", 3), ("€", 2), ("@_ñ", 3), ("“", None), ("ê", None)])
def test_septets_follow_gsm_03_38(text: str, length: int | None) -> None:
    """Extension characters count twice; a text with a character outside the alphabet has no length."""
    assert septets(text) == length
