"""The tasks that a schedule may ask for, one file each. A task works on one channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from poll_channels.tasks.read import read_channel
from poll_channels.tasks.recheck import recheck_channel
from poll_channels.tasks.replies import send_replies
from poll_channels.tasks.tokens import check_token

if TYPE_CHECKING:
    from aduan.directory import Channel
    from poll_channels.task import Invocation

TASKS: Final[dict[str, Callable[[Channel, Invocation], None]]] = {
    "read": read_channel,
    "recheck": recheck_channel,
    "reply": send_replies,
    "tokens": check_token,
}
