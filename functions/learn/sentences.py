"""What the desk is told of a run that learnt, in Indonesian."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aduan.gate_version import GateVersion


def learnt(version: GateVersion) -> str:
    """Say what a version learnt, and what that costs, in hundredths of the chatter and of the reports."""
    chatter, reports = version.chatter, version.reports
    shown = f"kini {_hundredths(version.shown, chatter)}, bukan {_hundredths(version.base_shown, chatter)}"
    lost = f"terbuang {_tenths(version.lost, reports)} (tanpa belajar {_tenths(version.base_lost, reports)})"
    return (
        f"Dari {_number(version.decisions)} keputusan: {shown}, dari 100 obrolan yang perlu Anda lihat; "
        f"dari 100 aduan dan permintaan {lost}."
    )


def kept_aside(version: GateVersion, chosen: int) -> str:
    """Say that a better version waits, because a person went back to another one."""
    return (
        f"{version.sentence} Versi {version.version} belum dipakai, karena petugas memilih "
        f"{f'versi {chosen}' if chosen else 'model dasar'}."
    )


def no_better(decisions: int) -> str:
    """Say that nothing better was learnt."""
    return (
        f"Dari {_number(decisions)} keputusan belum dapat dipelajari apa pun yang lebih baik tanpa kehilangan aduan; "
        "saringan tetap seperti sebelumnya."
    )


def too_few(decisions: int, fewest: int) -> str:
    """Say that too little was decided to learn anything from."""
    return (
        f"Baru ada {_number(decisions)} keputusan. Untuk belajar diperlukan sedikitnya {fewest}, "
        "di antaranya aduan dan obrolan."
    )


def _hundredths(part: int, whole: int) -> str:
    return str(round(100 * part / whole)) if whole else "0"


def _tenths(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}".replace(".", ",") if whole else "0"


def _number(number: int) -> str:
    return f"{number:,}".replace(",", ".")
