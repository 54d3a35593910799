"""Write what was sent, and what became of every post, as files for people to read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import urllib3

from aduan.notice import ChannelNotice
from infra.local.machine import HERE, Addresses
from infra.local.outcome import Line, department_name, what_became


@dataclass(frozen=True)
class Messages:
    """The messages that the providers accepted."""

    mails: list[dict[str, Any]]
    texts: list[dict[str, Any]]


def sent_messages(addresses: Addresses) -> Messages:
    """Fetch what the emulator's SES and SNS accepted."""
    mails = _fetch(f"{addresses.emulator}/_ministack/ses/messages")["messages"]
    texts = _fetch(f"{addresses.emulator}/_ministack/sns/sms-messages")["sms_messages"]
    return Messages(
        mails=[mail for account in mails.values() for mail in account],
        texts=[text for number in texts.values() for text in number],
    )


def write_pages(
    folder: Path, lines: Sequence[Line], about_channels: Sequence[ChannelNotice], messages: Messages
) -> Path:
    """Write each mail as its reader sees it and as plain text, and one page that lists everything; return that page."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    files: dict[str, str] = {}
    for number, mail in enumerate(messages.mails, start=1):
        name = f"surel-{number:04d}"
        plain = mail["BodyText"] or ""
        (folder / f"{name}.txt").write_text(f"Subject: {mail['Subject']}\n\n{plain}", encoding="utf-8")
        (folder / f"{name}.html").write_text(mail["BodyHtml"] or "", encoding="utf-8")
        files[mail["MessageId"]] = f"{name}.html"
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE), autoescape=True)
    page = folder / "index.html"
    page.write_text(
        environment.get_template("outcome.html.j2").render(
            lines=lines,
            about_channels=about_channels,
            texts=messages.texts,
            files=files,
            department_name=department_name,
            what_became=what_became,
        ),
        encoding="utf-8",
    )
    return page


def _fetch(url: str) -> Any:
    return json.loads(urllib3.request("GET", url, timeout=60).data)
