"""A stream as a county's account has it: 800 comments in threads, of which one in eight reports something.

`stream.jsonl` has a thread a line: the `kind` of channel, the account's own post `under` which it stands, and its
comments. A comment has its text, what a person at the desk makes of it (`is`: report, question or none), and the place
in the thread of the comment that it answers, if it answers one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import urllib3

from aduan.masking import masked
from aduan.triage import DESK
from infra.local.machine import HERE, STATE, MachineError

STREAM: Final = HERE / "stream.jsonl"
_SAYS: Final = {"instagram": "caption", "facebook_page": "message", "youtube": "title"}
"""What the platform calls the words of the account's own post."""
_NAMES: Final = ("Sari", "Bagas", "Tukijan", "Wulan", "Dimas", "Ratri", "Paijo", "Nanda", "Yuli", "Galih", "Endah")
_BETWEEN_THREADS: Final = 45
"""Minutes between one post of the account and the next."""
_AT_ONCE: Final = 100
"""Most decisions in one request, and most posts in one answer."""


def write_stream() -> tuple[Path, Path]:
    """Write the stream as the simulator needs it; return the file of the comments, and that of the account's posts."""
    STATE.mkdir(exist_ok=True)
    posts, county = STATE / "stream_posts.jsonl", STATE / "stream_county.json"
    threads = _threads()
    comments = [comment for number, thread in enumerate(threads) for comment in _comments(number, len(threads), thread)]
    posts.write_text("".join(f"{json.dumps(comment)}\n" for comment in comments), encoding="utf-8")
    own: dict[str, list[dict[str, Any]]] = {name: [] for name in (*_SAYS, "own_comments")}
    for number, thread in enumerate(threads):
        kind = thread["kind"]
        at = _written(number, len(threads))
        own[kind].append({"id": f"t{number}", _SAYS[kind]: thread["under"], "minutes_ago": at})
    county.write_text(json.dumps(own), encoding="utf-8")
    return posts, county


class Desk:
    """A person at the desk, who reads the list of candidates by the API and decides about all of them."""

    def __init__(self, url: str, token: str) -> None:
        self._url = f"{url}/review"
        self._headers = {"Authorization": token, "Content-Type": "application/json"}
        self._opinions = {
            masked(comment["text"]): comment["is"] for thread in _threads() for comment in thread["comments"]
        }

    def work_off(self) -> Counter[str]:
        """Decide until the list is empty; return how often each decision was made.

        Raises:
            MachineError: when the API does not answer, or a decision is not carried out.
        """
        made: Counter[str] = Counter()
        while asked := [self._decision(post) for post in self._listed()]:
            answer = self._ask("POST", body=json.dumps({"decisions": asked}).encode())
            failed = [one for one in answer["decisions"] if one["outcome"] != "done"]
            if failed:
                raise MachineError(f"a decision of the desk was not carried out: {failed[0]}")
            made.update(one["decision"] for one in asked)
        return made

    def _listed(self) -> list[Mapping[str, Any]]:
        threads = self._ask("GET", fields={"limit": str(_AT_ONCE)})["threads"]
        return [post for thread in threads for post in thread["posts"]]

    def _decision(self, post: Mapping[str, Any]) -> dict[str, Any]:
        opinion = self._opinions.get(post["text"], "report")
        asked = {"post": post["post"], "version": post["version"]}
        if opinion != "report":
            return asked | {"decision": opinion}
        return asked | {"decision": "ticket", "department": post.get("guess") or DESK}

    def _ask(self, method: str, **request: Any) -> Any:
        answer = urllib3.request(method, self._url, headers=self._headers, timeout=120, **request)
        if answer.status != 200:  # noqa: PLR2004 # OK
            raise MachineError(f"{method} /review answers {answer.status}: {answer.data[:300]!r}")
        return json.loads(answer.data)


def _threads() -> list[dict[str, Any]]:
    return [json.loads(line) for line in STREAM.read_text(encoding="utf-8").splitlines()]


def _written(thread: int, of: int) -> int:
    """Return how many minutes ago the account wrote the post over a thread."""
    return (of - thread) * _BETWEEN_THREADS + 60


def _comments(number: int, of: int, thread: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    comments: Sequence[Mapping[str, Any]] = thread["comments"]
    for place, comment in enumerate(comments):
        answered = comment.get("answers")
        name = _NAMES[(number * 7 + place) % len(_NAMES)]
        author = f"{name} {number}.{place}" if thread["kind"] == "facebook_page" else f"{name.lower()}_{number}_{place}"
        yield {
            "id": f"t{number}c{place}",
            "kind": thread["kind"],
            "edge": "comment" if answered is None else "reply",
            "parent": f"t{number}" if answered is None else f"t{number}c{answered}",
            "author": author,
            "text": comment["text"],
            "has_photo": False,
            "minutes_ago": _written(number, of) - 1 - place,
        }
