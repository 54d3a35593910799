"""The mail to the desk when the month's budget for SMS is used up: one a month, in Indonesian."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aduan.plain_text import MONTHS, in_wib, readable
from aduan.triage import DESK
from notify.operations_mail import Letter, operations_mail

if TYPE_CHECKING:
    from aduan.directory import Directory
    from aduan.notice import SmsBudgetNotice
    from notify.wording import Mail


def sms_budget_mail(notice: SmsBudgetNotice, directory: Directory) -> Mail:
    """Write the mail about the used-up budget of `notice.month`; `directory` has the desk's name and the price."""
    year, _, month = notice.month.partition("-")
    name = f"{MONTHS[int(month) - 1]} {year}"
    letter = Letter(
        subject=f"Anggaran SMS {name} habis",
        title=f"Anggaran SMS {name} habis",
        moment_label="Sejak",
        moment=in_wib(notice.created_at),
        opening=(
            f"Anggaran SMS Aduan untuk {name} sudah habis. Sampai bulan berganti, laporan darurat hanya "
            "diberitahukan melalui surel, tanpa SMS."
        ),
        facts=(
            ("Anggaran sebulan", f"{_decimal(notice.budget_usd)} USD"),
            ("Biaya satu SMS", f"sekitar {_decimal(directory.sending.sms.price_usd)} USD"),
        ),
        steps=(
            "Pantau surel darurat dari Aduan, dan hubungi Perangkat Daerah yang berwenang melalui telepon.",
            "Bila SMS tetap diperlukan bulan ini, minta admin Aduan menaikkan anggaran SMS.",
        ),
        meanwhile=(
            "Surel darurat tetap dikirim seketika, pada jam berapa pun.",
            "Begitu bulan berganti, SMS dikirim lagi dengan sendirinya.",
        ),
        closing="Surel ini dikirim satu kali sebulan.",
    )
    return operations_mail(
        letter,
        subject=f"[SMS] {letter.subject}",
        about=("Layanan", "SMS darurat"),
        greeting=f"Yth. {readable(directory.departments[DESK].name)},",
    )


def _decimal(amount: float) -> str:
    return f"{amount:g}".replace(".", ",")
