"""Mails about Aduan itself and not about a complaint, to whoever keeps it running: one layout for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from notify.wording import Mail, laid_out


@dataclass(frozen=True)
class Letter:
    """What is different for each matter; every sentence is here, so that both templates say the same."""

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
    """Something does not work now."""


def operations_mail(letter: Letter, subject: str, about: tuple[str, str], greeting: str, forward: str = "") -> Mail:
    """Lay a letter out.

    Args:
        letter: What it says.
        subject: The whole subject.
        about: Kind and name of the thing it is about, for people: ``Kanal``, ``Instagram @kabarsleman``.
        greeting: The first line.
        forward: Whom it is to be passed on to, and why; empty when the reader is the one it is for.
    """
    return laid_out(
        "operations_mail", subject, letter=letter, what=about[0], label=about[1], greeting=greeting, forward=forward
    )
