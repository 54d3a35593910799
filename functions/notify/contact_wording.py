"""The mails about a department's contact, in Indonesian: a dead address to the desk, a change to the old address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aduan.plain_text import in_wib, one_line, readable
from aduan.safe_text import defanged
from aduan.triage import DESK
from notify.operations_mail import Letter, operations_mail

if TYPE_CHECKING:
    from aduan.directory import Department, Directory
    from aduan.notice import Contact, ContactChangeNotice, ContactNotice
    from notify.wording import Mail


def contact_mail(notice: ContactNotice, department: Department, contact: Contact | None, directory: Directory) -> Mail:
    """Write the mail about a dead address.

    Args:
        notice: Says which address is dead, since when, and why.
        department: The department whose address it is.
        contact: The department's contact as it is now; None when it has none.
        directory: Has the desk's name.
    """
    name = f"{'pimpinan ' if notice.about.role == 'head' else ''}{readable(department.name)}"
    complained = notice.reason.startswith("complaint")
    cause = f"{'Penerima menandainya sebagai spam' if complained else 'Server penerima menolaknya untuk seterusnya'}."
    living = contact.addresses("email") if contact is not None else ()
    instead = (
        f"Surel untuk {name} sekarang dikirim ke alamat cadangan, {living[0]}."
        if living
        else f"Surel untuk {name} sekarang dikirim ke Meja Aduan, dan perlu diteruskan."
    )
    letter = Letter(
        subject="Alamat surel tidak dapat menerima surel",
        title="Alamat surel tidak dapat menerima surel",
        moment_label="Sejak",
        moment=in_wib(notice.died_at),
        opening=f"Surel Aduan untuk {name} tidak sampai. {cause} Aduan tidak lagi mengirim ke alamat itu.",
        facts=(("Alamat", notice.address), ("Keterangan teknis", defanged(one_line(notice.reason)))),
        steps=(
            f"Hubungi {name} dan tanyakan alamat surel yang benar dan dibaca setiap hari.",
            "Masukkan alamat itu di layanan Aduan, pada kontak Perangkat Daerah tersebut.",
            "Bila alamatnya ternyata benar dan kotak suratnya sudah berfungsi lagi, masukkan kembali alamat yang sama.",
            "Alamat yang dimasukkan dicabut dari daftar blokir penyedia surel; jawaban layanan Aduan menyebutkannya.",
        ),
        meanwhile=(instead, "Aduan yang surelnya tidak sampai dikirim ulang dengan cara itu, tanpa perlu diminta."),
        closing="Surel ini dikirim satu kali untuk setiap alamat yang tidak dapat menerima surel.",
    )
    return operations_mail(
        letter,
        subject=f"[Kontak {readable(department.short_name)}] {letter.subject}",
        about=("Perangkat Daerah", f"{name[0].upper()}{name[1:]}"),
        greeting=f"Yth. {readable(directory.departments[DESK].name)},",
    )


def contact_change_mail(notice: ContactChangeNotice, department: Department, directory: Directory) -> Mail:
    """Write the mail to an address that was taken out of a contact.

    Args:
        notice: Says which contact was changed, and when.
        department: The department whose contact it is.
        directory: Has the desk's name.
    """
    name = f"{'pimpinan ' if notice.about.role == 'head' else ''}{readable(department.name)}"
    desk = readable(directory.departments[DESK].name)
    facts = (("Alamat yang dihapus", notice.address), ("Alamat pengganti", notice.instead or "tidak ada"))
    letter = Letter(
        subject="Alamat ini tidak lagi menerima aduan",
        title="Alamat ini tidak lagi menerima aduan",
        moment_label="Diubah",
        moment=in_wib(notice.changed_at),
        opening=f"Kontak {name} pada layanan Aduan diubah. Aduan baru tidak lagi dikirim ke alamat ini.",
        facts=facts,
        steps=(
            "Bila perubahan ini sudah Anda ketahui, tidak ada yang perlu dilakukan.",
            f"Bila tidak, segera hubungi {desk}: mungkin ada yang mengubahnya tanpa hak.",
        ),
        meanwhile=("Aduan yang sudah dikirim ke alamat ini tetap dapat ditindaklanjuti lewat tautannya.",),
        closing="Surel ini dikirim satu kali untuk setiap perubahan.",
        dark=False,
    )
    return operations_mail(
        letter,
        subject=f"[Kontak {readable(department.short_name)}] {letter.subject}",
        about=("Perangkat Daerah", f"{name[0].upper()}{name[1:]}"),
        greeting=f"Yth. {name},",
    )
