from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aduan.context import Context
from aduan.directory_loading import load_directory
from aduan.post import ChannelKind
from aduan.triage import DESK, TICKET_ROUTES, Triage
from classify.classifier import classify
from classify.model import Model, load_model

DIRECTORY = load_directory()


def triage(text: str, *, has_photo: bool = False) -> Triage:
    return classify(text, DIRECTORY, has_photo=has_photo)


def best(decision: Triage) -> str | None:
    """Return the most likely department, whether or not the desk gets the post first."""
    return decision.guess


@pytest.mark.parametrize(
    ("text", "topic", "department"),
    [
        ("Mohon diperbaiki jalan berlubang di Sidoarum, sudah banyak yang jatuh", "jalan", "dpupkp"),
        ("dalane bubrah kabeh min, kapan didandani? daerah Margoagung", "jalan", "dpupkp"),
        ("lampu jalan di Wukirsari Cangkringan mati sudah sebulan, tolong", "penerangan_jalan", "dishub"),
        ("sampah di Purwomartani sudah 3 minggu belum diangkut", "sampah_lingkungan", "dlh"),
        ("air PDAM keruh seminggu ini di Sinduadi", "air_bersih", "pudam"),
        ("mati lampu terus neng Sumberadi", "listrik_telekomunikasi", "pln"),
        ("antri poli RSUD Sleman 6 jam, obat lama sekali, mohon ditambah petugas", "kesehatan", "rsud_sleman"),
        ("anak saya gagal masuk SMA negeri padahal dekat, mohon penjelasan", "pendidikan", "disdikpora_diy"),
        ("sertifikat tanah saya belum jadi, balik nama sudah setahun", "pertanahan_tata_ruang", "bpn"),
        ("tolong ular masuk rumah di Hargobinangun", "bencana", "damkar"),
    ],
)
def test_a_plain_complaint_finds_its_department(text: str, topic: str, department: str) -> None:
    """Topic and department follow from the words, in Indonesian and in Javanese."""
    decision = triage(text)
    assert decision.is_report
    assert (decision.topic, best(decision)) == (topic, department)


def test_a_dark_street_and_a_dark_house_are_not_the_same() -> None:
    """``lampu jalan mati`` is the county's, ``mati lampu`` is PLN's."""
    street = triage("lampu jalan mati di Sinduadi, tolong diperbaiki")
    house = triage("mati lampu lagi di Sinduadi, listrik padam dari pagi, kapan nyala")
    assert (street.department, street.ours) == ("dishub", True)
    assert (house.department, house.ours) == ("pln", False)


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("jalan kaliurang km 9 jalan rusak berlubang, mohon diperbaiki", "pu_diy"),
        ("jalan magelang jalan berlubang, mohon ditambal", "bbpjn"),
        ("pju jalan kaliurang km 7 mati, lampu jalan gelap, tolong dicek", "dishub_diy"),
        ("lampu jalan ringroad utara mati gelap gulita, tolong", "bptd"),
        ("jalan rusak parah di Banguntapan Bantul, mohon diperbaiki, jalan berlubang", "kab_lain"),
        ("jalan berlubang di malioboro, jalan rusak, mohon diperbaiki", "kota_yogya"),
    ],
)
def test_what_is_not_the_countys_goes_to_its_owner(text: str, owner: str) -> None:
    """Roads, their lamps and places across the border have other owners; the county only passes the report on."""
    decision = triage(text)
    assert (decision.department, decision.ours, decision.route) == (owner, False, "auto")


def test_parking_on_a_provincial_road_stays_with_the_county() -> None:
    """The province owns the road and its lamps, not the parking fees."""
    assert best(triage("parkir liar di jalan kaliurang, tukang parkir minta 10rb, tolong ditertibkan")) == "dishub"


@pytest.mark.parametrize(
    ("text", "department"),
    [
        ("KEBAKARAN!! gudang di Ambarketawang, api merembet ke rumah sebelah", "damkar"),
        ("pohon tumbang menutup jalan di Candibinangun, ada motor kejepit", "bpbd"),
        ("talud longsor menimpa rumah di Gayamharjo, masih ada orang di dalam", "bpbd"),
        ("kabel listrik putus di tengah jalan Sidomulyo Godean, keluar api", "pln"),
    ],
)
def test_an_emergency_is_seen_and_sent(text: str, department: str) -> None:
    """Fires, fallen trees, landslides and live wires are sent out at once."""
    decision = triage(text)
    assert (decision.urgency, decision.department, decision.route) == ("emergency", department, "auto")


@pytest.mark.parametrize(
    "text",
    [
        "mohon pohon dipangkas, takut pohon tumbang kena rumah",
        "kapan ada sosialisasi kebakaran di kampung kami",
        "rawan longsor, mohon talud diperbaiki",
    ],
)
def test_a_fear_is_not_an_emergency(text: str) -> None:
    """A danger that might arise is a report but no emergency."""
    decision = triage(text)
    assert decision.is_report
    assert decision.urgency != "emergency"


@pytest.mark.parametrize(
    "text",
    [
        "Aamiin ya Allah",
        "Keren pol 🔥🔥🔥",
        "@bagong ayo sesuk bareng, sisan dolan",
        "Sugeng ambal warsa Sleman, mugi tansah ayem tentrem",
        "Cegatan kulon jembatan, aman nek liwat lor",
        "DIJUAL motor bebek, harga nego, minat WA, bisa COD",
        "Telah ditemukan dompet di Denggung, yang merasa kehilangan silakan inbox",
        "🔥🔥🔥",
        "@teman",
    ],
)
def test_chatter_is_dropped(text: str) -> None:
    """Greetings, adverts, traffic news, lost purses and thanks ask the county for nothing."""
    decision = triage(text)
    assert (decision.route, decision.is_report, decision.department) == ("drop", False, None)


def test_mended_and_not_yet_mended_are_opposites() -> None:
    """``sudah diperbaiki`` with thanks opens no ticket, ``belum diperbaiki`` does."""
    assert triage("matur nuwun, jalan di Tirtoadi sampun didandani").route not in TICKET_ROUTES
    assert triage("Matur nuwun Dishub, lampu jalan sudah menyala terang banget").route not in TICKET_ROUTES
    assert triage("jalan rusak di Tirtoadi durung didandani").route in TICKET_ROUTES


def test_protest_that_asks_nothing_of_the_county_raises_no_alert() -> None:
    """An opinion on politics is dropped or shown to a person, never sent to a department."""
    for text in ("presiden dan menteri sama saja, rezim ini", "demo mahasiswa tolak dpr di jakarta"):
        assert triage(text).route != "auto"


@pytest.mark.parametrize(
    ("text", "has_photo"), [("", True), ("", False), ("   ", True), ("📷", True), ("@dishub", True)]
)
def test_a_photo_without_words_is_seen_by_a_person(text: str, has_photo: bool) -> None:  # noqa: FBT001  # a parameter
    """A post that is only a photo is never dropped, and no ticket until a person says so."""
    decision = triage(text, has_photo=has_photo)
    assert (decision.is_report, decision.kind, decision.topic) == (True, "other", "lainnya")
    assert (decision.department, decision.route, decision.guess) == (None, "review", None)


def gated(**changes: Any) -> Model:
    """Return the deployed model with other thresholds, the same for every way of writing."""
    model = load_model()
    return dataclasses.replace(model, gates={name: gate._replace(**changes) for name, gate in model.gates.items()})


DARK = "peteng banget, medeni, mbok ditindaklanjuti"
NOTHING_SURE: dict[str, Any] = {"drop_below": 0.0, "ticket_from": 1.1, "question_from": 1.1}
"""Thresholds that leave everything to a person."""


@pytest.mark.parametrize(
    ("thresholds", "route", "department"),
    [
        ({"ticket_from": 0.0, "auto_from": {}}, "desk", DESK),
        ({"question_from": 0.0}, "question", None),
        ({}, "review", None),
        ({"drop_below": 1.1}, "drop", None),
        ({"ticket_from": 0.0, "drop_below": 1.1, "auto_from": {}}, "desk", DESK),
        ({"question_from": 0.0, "drop_below": 1.1}, "drop", None),
    ],
)
def test_the_gate_leads_to_one_lane(thresholds: dict[str, Any], route: str, department: str | None) -> None:
    """A sure report is a ticket, then what asks nothing is dropped, a question is listed, and the rest is reviewed."""
    decision = classify(DARK, DIRECTORY, model=gated(**(NOTHING_SURE | thresholds)))
    assert (decision.route, decision.department) == (route, department)


@pytest.mark.parametrize("thresholds", [{"ticket_from": 0.0, "auto_from": {}}, {"question_from": 0.0}, {}])
def test_whoever_has_to_look_sees_the_best_guess(thresholds: dict[str, Any]) -> None:
    """An uncertain post comes with the likeliest department and the next, in whatever lane a person finds it."""
    decision = classify(DARK, DIRECTORY, model=gated(**(NOTHING_SURE | thresholds)))
    assert decision.guess == "dishub"
    assert decision.runner_up not in {None, "dishub", DESK}


@pytest.mark.parametrize(
    ("text", "clipped"),
    [
        ("dalane akeh l u b a n g", False),
        ("j4lan rus4k", False),
        ("selamat pagi", True),
    ],
)
def test_what_cannot_be_read_is_never_dropped(text: str, clipped: bool) -> None:  # noqa: FBT001
    """Disguised words and the rest of a clipped text are for a person, however sure the model is of chatter."""
    model = gated(**(NOTHING_SURE | {"drop_below": 1.1}))
    assert classify("selamat pagi", DIRECTORY, model=model).route == "drop"
    assert classify(text, DIRECTORY, clipped=clipped, model=model).route == "review"


@pytest.mark.parametrize("report", [-60.0, 60.0])
def test_a_danger_is_never_dropped_nor_listed_as_a_question(report: float) -> None:
    """What the model takes for a danger of now is a ticket, whatever else it takes it for."""
    model = gated(drop_below=1.1, ticket_from=1.1, question_from=0.0)
    raised = {"urgency:emergency": 60.0, "report": report}
    biases = tuple(bias + raised.get(outcome, 0.0) for outcome, bias in zip(model.outcomes, model.biases, strict=True))
    decision = classify(DARK, DIRECTORY, model=dataclasses.replace(model, biases=biases))
    assert decision.urgency == ("emergency" if report > 0 else "suspected")
    assert decision.route in TICKET_ROUTES


def test_each_way_of_writing_is_judged_by_its_gate() -> None:
    """The same text is dropped where nearly nothing is a report, and seen where nearly everything is."""
    model = gated(**NOTHING_SURE)
    gates = dict(model.gates) | {"post": model.gates["post"]._replace(drop_below=1.1)}
    model = dataclasses.replace(model, gates=gates)
    to_account = Context(to="account")
    assert classify(DARK, DIRECTORY, channel_kind="x", model=model).route == "drop"
    assert classify(DARK, DIRECTORY, channel_kind="x", context=to_account, model=model).route == "review"
    assert classify(DARK, DIRECTORY, channel_kind="webhook", model=model).route == "review"


def test_what_a_text_stands_under_is_weighed_and_decides_nothing_alone() -> None:
    """A caption changes how probable a report is; greetings under it are no tickets, and no words are no text."""
    under = Context(under="Jalan rusak di mana saja, lur? Laporkan di komentar", by="account", to="account")
    alone, below = classify("kidul pasar", DIRECTORY), classify("kidul pasar", DIRECTORY, context=under)
    assert alone.report_probability != below.report_probability
    assert classify("Aamiin ya Allah", DIRECTORY, context=under).route not in TICKET_ROUTES
    assert classify("🔥🔥🔥", DIRECTORY, context=under).route == "drop"


def test_a_lane_beside_a_provincial_road_goes_to_the_desk() -> None:
    """A person decides who owns a lane beside a provincial road."""
    assert triage("gang di tepi jalan kaliurang, jalan rusak berlubang, mohon diperbaiki").route == "desk"


def test_a_question_is_listed_and_no_ticket() -> None:
    """Somebody who asks how to do something is not complaining, and gets an answer, not a ticket."""
    decision = triage("min mau tanya, syarat ganti kartu keluarga apa saja dan daftar di mana")
    assert (decision.kind, decision.route, decision.department) == ("question", "question", None)
    assert (decision.topic, decision.guess) == ("kependudukan", "disdukcapil")


def test_reasons_are_words_of_the_rules_and_not_of_the_text() -> None:
    """Reasons can be shown and stored: they hold no word of the post that is not in the directory's data."""
    decision = triage("jalan kaliurang jalan berlubang depan rumah Pak Sugiman nomor 7, mohon ditambal")
    assert "jalan provinsi: Jalan Kaliurang" in decision.reasons
    assert any(reason.startswith("kata: ") for reason in decision.reasons)
    assert "Sugiman" not in " ".join(decision.reasons)


def test_a_decision_names_what_decided_it() -> None:
    """Model, rules and directory are named by their hashes, so that a decision can be repeated."""
    model, rules, directory = triage("jalan rusak").decided_by.split("/")
    assert model == f"model {load_model().hash}"
    assert (len(rules), directory) == (12, DIRECTORY.hash)


def test_two_departments_by_name_are_for_a_person() -> None:
    """A post that names two departments is left to a person; addressing the county does not count as a name."""
    assert triage("@dlhsleman @dishubsleman DLH sama Dishub tolong, sampah di Sinduadi belum diangkut").route == "desk"
    assert triage("Pak Bupati dan DLH tolong, sampah di Sinduadi belum diangkut dua minggu").department == "dlh"


def test_politics_alerts_nobody() -> None:
    """Satire mentions holes and rats too, so a post with a political word is seen by a person first."""
    text = "jalan berlubang parah di Sinduadi, mohon segera diperbaiki"
    assert triage(text).route == "auto"
    assert triage(f"{text}, jangan cuma janji kampanye caleg").route == "desk"


def test_more_evidence_makes_it_no_less_sure() -> None:
    """A complaint that is stated more clearly is not less certain."""
    assert triage("jalan rusak berlubang, mohon diperbaiki").confidence >= triage("jalan rusak").confidence


@settings(max_examples=300)
@given(text=st.text(alphabet=st.characters(codec=None), max_size=400), has_photo=st.booleans())
@example(text="\x00" * 50, has_photo=False)
@example(text="\ud800 jalan rusak \udfff", has_photo=False)
@example(text="🚧" * 500, has_photo=True)
@example(text="jalan rusak " * 9_000, has_photo=False)
@example(text="a" * 100_000, has_photo=False)
def test_every_text_gets_a_decision_that_holds_together(text: str, has_photo: bool) -> None:  # noqa: FBT001  # given
    """Whatever the text, there is no error, and route, department, report, topic and urgency agree."""
    holds_together(triage(text, has_photo=has_photo))


@settings(max_examples=150)
@given(
    text=st.lists(st.sampled_from(["jalan", "rusak", "kapan", "?", "tolong", "kebakaran", "min", "matur nuwun"])),
    under=st.text(alphabet=st.characters(codec=None), max_size=800),
    to=st.sampled_from([None, "account", "citizen"]),
    channel_kind=st.sampled_from([None, *get_args(ChannelKind)]),
)
def test_whatever_a_text_stands_under_the_decision_holds_together(
    text: list[str], under: str, to: Any, channel_kind: ChannelKind | None
) -> None:
    """Whatever stands above a text and wherever it was written, it gets a decision without contradictions."""
    context = Context(under=under, by="account", to=to)
    holds_together(classify(" ".join(text), DIRECTORY, context=context, channel_kind=channel_kind))


def holds_together(decision: Triage) -> None:
    """Check that the parts of a decision do not contradict each other."""
    probabilities = [number for name, number in decision.model_dump().items() if name.endswith("probability")]
    assert all(0 <= number <= 1 for number in (decision.confidence, *probabilities))
    assert (decision.route == "drop") == (not decision.is_report)
    assert (decision.department is not None) == (decision.route in TICKET_ROUTES)
    assert (decision.department == DESK) == (decision.route == "desk")
    assert decision.department in {None, *DIRECTORY.departments}
    assert DESK not in {decision.guess, decision.runner_up}
    assert {decision.guess, decision.runner_up} <= {None, *DIRECTORY.departments}
    assert decision.guess is None or decision.guess != decision.runner_up
    assert (decision.topic in DIRECTORY.topics) == decision.is_report
    if decision.route == "auto":
        assert decision.department == decision.guess
    else:
        assert decision.ours
    if decision.urgency in {"emergency", "suspected"}:
        assert decision.route in TICKET_ROUTES


@given(
    st.lists(
        st.sampled_from(
            [
                "jalan",
                "rusak",
                "lampu",
                "mati",
                "sampah",
                "mohon",
                "cegatan",
                "dijual",
                "Bantul",
                "Sinduadi",
                "jakal",
                "tidak",
                "kebakaran",
                "takut",
                "ktp",
                "matur",
                "nuwun",
            ]
        ),
        max_size=12,
    )
)
def test_words_in_any_order_get_a_decision(words: list[str]) -> None:
    """Any mixture of the deciding words gives one decision, and the same one again."""
    text = " ".join(words)
    assert triage(text) == triage(text)
