"""The mail about a channel, to its owner or to the desk, in Indonesian.

The reader knows the account and need not know Aduan. The mail says which channel it is, what is wrong, since when,
what to do step by step, and what happens meanwhile. It holds no secret and nothing that can be clicked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from aduan.labels import channel_label, error_label
from aduan.plain_text import MONTHS, in_wib, one_line, readable
from aduan.record import WIB
from aduan.safe_text import defanged
from aduan.triage import DESK
from notify.operations_mail import Letter, operations_mail

if TYPE_CHECKING:
    from aduan.directory import Channel, Department, Directory
    from aduan.notice import ChannelNotice
    from notify.case import DeskReason
    from notify.wording import Mail

_META: Final = (
    "Masuk ke Pengaturan Bisnis Meta dengan akun yang mengelola {label}.",
    "Buka bagian Pengguna Sistem, pilih pengguna yang dipakai Aduan, dan pastikan {label} masih terhubung dengannya.",
    "Pastikan aplikasi Aduan masih aktif dan izinnya masih disetujui Meta.",
    "Buat token baru untuk pengguna sistem itu. Pilih token yang tidak kedaluwarsa.",
)
STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "instagram": _META,
    "facebook_page": _META,
    "telegram_relay": (
        "Buka percakapan dengan BotFather di Telegram memakai akun pemilik bot.",
        "Pilih bot yang dipakai Aduan dan pastikan bot itu belum dihapus.",
        "Ambil tokennya dengan perintah /token.",
    ),
    "youtube": (
        "Masuk ke Google Cloud Console dan buka proyek yang dipakai Aduan.",
        "Pastikan YouTube Data API v3 masih aktif, dan kunci API belum dihapus atau dibatasi.",
        "Buat kunci API baru bila kunci yang lama tidak berlaku lagi.",
    ),
    "x": (
        "Masuk ke portal pengembang X dengan akun pemilik aplikasi.",
        "Periksa apakah aplikasinya masih aktif, izinnya lengkap, dan jatah serta saldo bulan ini masih ada.",
        "Buat token baru bila token yang lama tidak berlaku lagi.",
    ),
    "rss": (
        "Buka alamat umpan kanal ini di peramban. Alamatnya tercatat dalam pengaturan kanal.",
        "Bila halaman itu menolak atau meminta masuk, hubungi media yang menerbitkannya agar umpannya dibuka kembali.",
        "Bila alamatnya sudah berubah, minta admin Aduan menggantinya dalam pengaturan kanal.",
    ),
}
"""What a channel's owner does so that Aduan can read it again, by kind of channel. A webhook has no steps: its posts
are brought to Aduan."""
WITHOUT_TOKEN: Final = frozenset({"rss"})
_STORING: Final = (
    "Serahkan token itu langsung kepada admin Aduan di Dinas Komunikasi dan Informatika, bukan lewat surel atau pesan.",
    "Admin Aduan menyimpannya di Parameter Store dengan nama yang berakhiran {parameter}.",
)
_ENDS: Final = {"expires_at": "masa berlaku token", "data_access_expires_at": "izin token mengakses data"}


def channel_mail(
    notice: ChannelNotice,
    channel: Channel,
    department: Department,
    desk_reason: DeskReason | None,
    directory: Directory,
) -> Mail:
    """Write the mail about a channel.

    Args:
        notice: Says what is wrong, and since when.
        channel: The channel as the directory has it.
        department: The department the notice is for; the desk, when that department is no longer known.
        desk_reason: Why the mail goes to the desk; None when it goes to the department itself.
        directory: Names and labels.
    """
    label = channel_label(channel.id, directory)
    letter = _LETTERS[notice.matter](notice, channel, label)
    passed_on = desk_reason in {"no_contact", "dead_contact", "unknown_department"}
    reader = directory.departments[DESK] if passed_on else department
    letter = replace(letter, facts=(("Kode kanal", channel.id), *letter.facts))
    return operations_mail(
        letter,
        subject=f"[Kanal {label}] {letter.subject}",
        about=("Kanal", label),
        greeting=f"Yth. {readable(reader.name)},",
        forward=_forward(department, desk_reason) if passed_on else "",
    )


def _forward(department: Department, desk_reason: DeskReason | None) -> str:
    if desk_reason == "no_contact":
        return (
            f"Surel ini untuk {readable(department.name)} sebagai pengelola kanal, tetapi kontaknya belum terdaftar di "
            "Aduan. Mohon diteruskan, dan mohon kontaknya didaftarkan."
        )
    if desk_reason == "dead_contact":
        return (
            f"Surel ini untuk {readable(department.name)} sebagai pengelola kanal, tetapi alamat surelnya tidak dapat "
            "menerima surel. Mohon diteruskan, dan mohon alamatnya diperbarui."
        )
    return "Pengelola kanal ini tidak ada lagi di daftar Perangkat Daerah. Mohon ditentukan siapa yang mengurusnya."


def _permission(notice: ChannelNotice, channel: Channel, label: str) -> Letter:
    reason = notice.reason or ""
    rhythm = "setiap menit" if channel.every_minutes == 1 else f"setiap {channel.every_minutes} menit"
    trying = (
        "Sampai izin pulih, kiriman baru di kanal ini tidak masuk ke Aduan. Aduan tetap mencoba membacanya "
        f"{rhythm}, dan melanjutkan dengan sendirinya begitu diizinkan."
    )
    catching_up = (
        "Kiriman yang tertinggal kemudian dibaca kembali, paling lama "
        f"{channel.lookback_days} hari ke belakang, sejauh masih ada di platform."
    )
    if channel.kind == "telegram_relay":
        catching_up = (
            "Telegram hanya menyimpan kiriman selama 24 jam. Yang lebih lama harus diteruskan ulang oleh moderator."
        )
    return Letter(
        subject="Perlu izin baru: kanal tidak dapat dibaca",
        title="Kanal tidak dapat dibaca: perlu izin baru",
        moment_label="Sejak",
        moment=in_wib(notice.since or notice.created_at),
        opening=(
            f"Aduan tidak dapat membaca tulisan warga di kanal {label}. Dua kali berturut-turut permintaannya ditolak, "
            "dan hal seperti ini biasanya tidak pulih dengan sendirinya."
        ),
        facts=(("Sebab", error_label(reason)), ("Keterangan teknis", defanged(one_line(reason)))),
        steps=_renewal(channel, label),
        meanwhile=(trying, catching_up),
        closing="Surel ini dikirim satu kali untuk gangguan ini.",
    )


def _token(notice: ChannelNotice, channel: Channel, label: str) -> Letter:
    end = notice.until or notice.created_at
    days = max((end - notice.created_at) // timedelta(days=1), 0)
    left = f"{days} hari lagi" if days else "dalam kurang dari sehari"
    what = _ENDS.get(notice.reason or "", "masa berlaku token")
    return Letter(
        subject=f"Token berakhir {left}",
        title=f"Token kanal berakhir {left}",
        moment_label="Berakhir",
        moment=in_wib(end),
        opening=(
            f"Token yang dipakai Aduan untuk membaca tulisan warga di kanal {label} berakhir {left}. "
            "Mohon diganti sebelum itu."
        ),
        facts=(("Yang berakhir", what),),
        steps=_renewal(channel, label),
        meanwhile=(
            "Sampai saat itu kanal dibaca seperti biasa.",
            "Sesudahnya kiriman baru di kanal ini tidak masuk ke Aduan sampai token baru disimpan.",
        ),
        closing="Surel ini dikirim 14, 7, dan 1 hari sebelum token berakhir, kecuali bila token sudah diganti.",
        dark=False,
    )


def _budget(notice: ChannelNotice, channel: Channel, label: str) -> Letter:
    since = notice.since or notice.created_at
    local = since.astimezone(WIB)
    month = f"{MONTHS[local.month - 1]} {local.year}"
    resumed = "awal bulan depan" if notice.until is None else in_wib(notice.until)
    return Letter(
        subject=f"Anggaran {month} habis: kanal tidak dibaca",
        title="Kanal tidak dibaca: anggaran bulan ini habis",
        moment_label="Dibaca lagi mulai",
        moment=resumed,
        opening=(
            f"Platform memungut biaya untuk membaca kanal {label}. Anggarannya untuk {month} sudah habis, sehingga "
            "kanal ini tidak dibaca lagi sampai bulan berikutnya."
        ),
        facts=(("Anggaran sebulan", f"{channel.monthly_budget_usd or 0:g} USD"), ("Habis sejak", in_wib(since))),
        steps=(
            f"Selama itu, buka sendiri {label} secara berkala.",
            "Teruskan laporan yang mendesak kepada Perangkat Daerah yang berwenang.",
            "Bila ini terulang, minta admin Aduan menaikkan anggaran sebulan. Anggaran baru berlaku mulai bulan depan.",
        ),
        meanwhile=(
            "Kiriman baru di kanal ini tidak masuk ke Aduan.",
            f"Begitu bulan berganti, kiriman dibaca kembali, paling lama {channel.lookback_days} hari ke belakang.",
        ),
        closing="Surel ini dikirim satu kali sebulan untuk tiap kanal.",
    )


_LETTERS: Final[Mapping[str, Callable[[ChannelNotice, Channel, str], Letter]]] = {
    "permission": _permission,
    "token": _token,
    "budget": _budget,
}
"""What writes the letter, by the notice's matter."""


def _renewal(channel: Channel, label: str) -> tuple[str, ...]:
    storing = () if channel.kind in WITHOUT_TOKEN else _STORING
    steps = (*STEPS.get(channel.kind, ()), *storing)
    return tuple(step.format(label=label, parameter=channel.token_parameter) for step in steps)
