"""Mails about Aduan itself and not about a complaint, to whoever keeps it running: one layout for all of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from notify.wording import ENVIRONMENT, SUBJECT_LENGTH, Mail

if TYPE_CHECKING:
    from jinja2 import Template


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
    context = {"letter": letter, "what": about[0], "label": about[1], "greeting": greeting, "forward": forward}
    text, html = _templates()
    return Mail(subject=subject[:SUBJECT_LENGTH], text=text.render(context), html=html.render(context))


@functools.cache
def _templates() -> tuple[Template, Template]:
    """Text and HTML. Loaded when one is needed, which is seldom: no cold start pays for them."""
    return ENVIRONMENT.get_template("operations_mail.txt.j2"), ENVIRONMENT.get_template("operations_mail.html.j2")
