"""Mails about Aduan itself, not about a complaint, to those who keep it running: one layout for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from notify.wording import Mail, laid_out


@dataclass(frozen=True)
class Letter:
    """The content of one mail. Every sentence is here, so that both templates say the same."""

    subject: str
    title: str
    moment_label: str
    moment: str
    opening: str
    facts: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]
    meanwhile: tuple[str, ...]
    closing: str
    dark: bool = True
    """Whether something does not work now."""


def operations_mail(letter: Letter, subject: str, about: tuple[str, str], greeting: str, forward: str = "") -> Mail:
    """Lay a letter out as a mail.

    Args:
        letter: What the mail says.
        subject: The whole subject.
        about: Kind and name of the thing the mail is about, for people: ``Kanal``, ``Instagram @kabarsleman``.
        greeting: The first line.
        forward: Whom the reader is to pass the mail on to, and why; empty when it is for the reader.
    """
    return laid_out(
        "operations_mail", subject, letter=letter, what=about[0], label=about[1], greeting=greeting, forward=forward
    )
