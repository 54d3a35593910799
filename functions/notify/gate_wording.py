"""The mail to the desk about what was learnt from its decisions: one a week, in Indonesian."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from aduan.plain_text import in_wib, readable
from aduan.triage import DESK
from notify.operations_mail import Letter, operations_mail

if TYPE_CHECKING:
    from aduan.directory import Directory
    from aduan.gate_version import RunOutcome
    from aduan.notice import GateNotice
    from notify.wording import Mail

_STEPS: Final[Mapping[RunOutcome, tuple[str, ...]]] = {
    "in_force": (
        "Putuskan kiriman yang belum pasti seperti biasa: saringan yang baru sudah dipakai.",
        "Bila aduan ternyata terbuang, minta admin Aduan kembali ke versi sebelumnya (POST /gate).",
    ),
    "kept_aside": ("Minta admin Aduan memakai versi baru itu (POST /gate) bila dikehendaki.",),
    "no_better": ("Teruskan memutuskan kiriman yang belum pasti: makin banyak keputusan, makin baik saringannya.",),
    "too_few": ("Teruskan memutuskan kiriman yang belum pasti.",),
}
_SAMPLES: Final = (
    "Satu dari 50 kiriman yang dibuang saringan, paling banyak lima sehari, tetap ditampilkan sebagai contoh acak, "
    "agar kekeliruan ketahuan."
)
_TITLES: Final[Mapping[RunOutcome, str]] = {
    "in_force": "Saringan obrolan kini lebih baik",
    "kept_aside": "Saringan obrolan yang baru menunggu keputusan",
    "no_better": "Saringan obrolan tetap seperti sebelumnya",
    "too_few": "Saringan obrolan belum dapat belajar",
}


def gate_mail(notice: GateNotice, directory: Directory) -> Mail:
    """Write the mail about a run; `directory` has the desk's name."""
    title = _TITLES[notice.outcome]
    letter = Letter(
        subject=title,
        title=title,
        moment_label="Dipelajari",
        moment=in_wib(notice.learnt_at),
        opening=notice.sentence,
        facts=(),
        steps=_STEPS[notice.outcome],
        meanwhile=(
            _SAMPLES,
            "Kiriman yang tampak darurat tidak pernah disaring.",
        ),
        closing="Surel ini dikirim paling banyak satu kali seminggu, kecuali bila admin meminta belajar ulang.",
        dark=False,
    )
    return operations_mail(
        letter,
        subject=f"[Saringan] {letter.subject}",
        about=("Layanan", "Saringan obrolan"),
        greeting=f"Yth. {readable(directory.departments[DESK].name)},",
    )
