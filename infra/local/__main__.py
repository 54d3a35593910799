"""The local stack's commands: ``demo`` runs everything once, ``up`` starts the stack, and ``down`` stops it.

``simulate`` is ``up`` for somebody who wants to write posts by hand. ``attack`` floods a stack whose limits are on.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Screen

from aduan.store.table import Table
from infra.local import processes
from infra.local.attack import FLOOD, play, write_county, write_flood
from infra.local.deploy import Deployment, build, deploy
from infra.local.drive import Schedules, poll_until_stored, simulated_posts, wait_until_settled
from infra.local.machine import (
    COUNTY,
    HERE,
    LIMITED,
    REGION,
    STAGE,
    STATE,
    WATCHED,
    Addresses,
    MachineError,
    free_addresses,
)
from infra.local.officers import Act, act_by_link
from infra.local.outcome import (
    Line,
    account_for,
    channel_notices,
    department_name,
    told,
    totals,
    unfinished,
    what_became,
)
from infra.local.pages import sent_messages, write_pages
from infra.local.seed import seed_contacts, seed_credentials, sign_in_admin, verify_addresses
from infra.local.simulator.page import HOME
from infra.local.stream import STREAM, Desk, write_stream
from infra.local.watching import write_stack

BUNDLED: Final = HERE / "posts.jsonl"
SHOWN: Final = 40
"""How many rows are printed on the screen; the written page has all of them."""

console = Console(highlight=False)


@dataclass(frozen=True)
class Stack:
    """A running stack and the clients that reach it."""

    addresses: Addresses
    deployment: Deployment
    table: Table
    schedules: Schedules
    token: str


def main() -> int:
    """Run one command and return its exit code: 0 when everything it promises holds."""
    arguments = _arguments()
    if arguments.command == "down":
        return down()
    if processes.remembered() is not None:
        console.print("[bold red]a local stack is running; stop it with `make down`")
        return 1
    try:
        posts = arguments.posts or (STREAM if arguments.command == "demo" else BUNDLED)
        run = {"up": up, "simulate": simulate, "demo": demo, "attack": attack}[arguments.command]
        return run(posts, arguments.limit)
    except MachineError as error:
        console.print(f"[bold red]{error}")
        return 1


def demo(posts: Path, limit: int | None) -> int:
    """Take the posts of a file, or else the stream, through the stack, show what became of them, and stop everything.

    Of the stream, the desk then decides the list of candidates.
    """
    began = time.monotonic()
    try:
        streams = posts == STREAM
        posts, county = write_stream() if streams else (posts, COUNTY)
        stack = start(posts, limit, county=county)
        lines = bring_home(stack)
        if streams:
            work_off(stack, lines)
        lines, acts = act(stack, lines)
        about_channels = channel_notices(stack.table)
        page = write_pages(STATE / "demo", lines, about_channels, sent_messages(stack.addresses))
        show(lines, page)
        for done in acts:
            console.print(as_sentence(done), soft_wrap=True)
        for notice in about_channels:
            reader = department_name(notice.told or notice.department)
            console.print(
                f"About a channel, not a complaint: {notice.channel} {notice.matter}, {reader} ({notice.state})"
            )
        how_to_ask(stack, running=False)
        return verdict(lines, time.monotonic() - began)
    finally:
        processes.stop_all()


def up(posts: Path, limit: int | None) -> int:
    """Start the stack and leave it running; its schedules fire every minute."""
    try:
        stack = start(posts, limit)
    except BaseException:
        processes.stop_all()
        raise
    processes.remember(stack.addresses)
    how_to_ask(stack, running=True)
    console.print(f"Channels to write into: {stack.addresses.simulator}{HOME}")
    console.print("The schedules fire every minute. Stop everything with [bold]make down[/].")
    return 0


def simulate(posts: Path, limit: int | None) -> int:
    """Start the stack as `up` does, and print the address of the page for writing and watching posts."""
    ended = up(posts, limit)
    addresses = processes.remembered()
    if ended == 0 and addresses is not None:
        console.print(f"\nOpen [bold]{addresses.simulator}{HOME}[/] in a browser.")
    return ended


def attack(_posts: Path, limit: int | None) -> int:
    """On a stack with limits, let one account write `limit` (100) false emergencies, then somebody else a real one."""
    try:
        stack = start(write_flood(limit or FLOOD), None, LIMITED, write_county())
        with step("One account floods a channel, another one writes of a real fire"):
            outcome = play(stack.addresses, stack.table, stack.schedules)
        print(outcome.as_json())
        return 0 if outcome.withstood else 1
    finally:
        processes.stop_all()


def down() -> int:
    """Stop the running stack."""
    console.print(f"{processes.stop_all()} processes stopped.")
    return 0


def start(posts: Path, limit: int | None, stage: str = STAGE, county: Path = COUNTY) -> Stack:
    """Start the emulator and the simulator; build, deploy and seed the stack. Only the stage `local` has no limits."""
    addresses = free_addresses()
    with step("The channel simulator starts"):
        processes.start_simulator(addresses, posts, limit, county)
    with step("The AWS emulator starts"):
        processes.start_emulator(addresses)
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)  # noqa: S106

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=addresses.emulator)  # type: ignore[call-overload] # by name

    with step("Tokens and the sender's address are set"):
        seed_credentials(client("ssm"), stage)
        verify_addresses(client("sesv2"))
    with step("sam build, and byte-code"):
        build(addresses, stage)
    with step("sam deploy"):
        deployment = deploy(addresses, client("cloudformation"), stage)
    table = Table(client("dynamodb"), deployment.table_name)
    with step("Contacts and an admin are made"):
        seed_contacts(table)
        token = sign_in_admin(client("cognito-idp"), deployment)
    write_stack(WATCHED, addresses.emulator, deployment.table_name)
    return Stack(addresses, deployment, table, Schedules(client("scheduler"), client("lambda")), token)


def bring_home(stack: Stack) -> list[Line]:
    """Poll until every post is stored, then wait until each is decided and its notices are sent."""
    posts = simulated_posts(stack.addresses)
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        stored = progress.add_task("posts stored", total=len(posts))
        decided = progress.add_task("decided", total=len(posts))
        waiting = progress.add_task("to be sent", total=None)
        poll_until_stored(
            posts,
            stack.table,
            lambda: stack.schedules.run("PollChannels"),
            lambda count: progress.update(stored, completed=count),
        )

        def moved(undecided: int, unsent: int) -> None:
            progress.update(decided, completed=len(posts) - undecided)
            progress.update(waiting, completed=unsent)

        wait_until_settled(stack.table, moved)
        stack.schedules.run("FollowUp")
    return account_for(posts, stack.table)


def work_off(stack: Stack, lines: Sequence[Line]) -> None:
    """Let the desk decide about every candidate by the API, and say what it decided."""
    waiting = sum(line.lane == "review" for line in lines)
    with step(f"The desk decides about {waiting} candidates by the API"):
        made = Desk(api_url(stack), stack.token).work_off()
        wait_until_settled(stack.table, lambda *_: None)
    console.print(f"By the API: {made['ticket']} tickets, {made['question']} questions, {made['none']} no reports")


def act(stack: Stack, lines: Sequence[Line]) -> tuple[list[Line], list[Act]]:
    """Let two departments act by the links in their mails; return what became of the posts, and what was done."""
    with step("Two departments follow the links in their mails"):
        acts = act_by_link(sent_messages(stack.addresses).mails, stack.table)
        wait_until_settled(stack.table, lambda *_: None)
    return account_for([line.simulated for line in lines], stack.table), acts


def as_sentence(done: Act) -> str:
    """Describe an act in one line for the screen: which button was pressed, and the state of the ticket now."""
    by, now = department_name(done.before.department), department_name(done.after.department)
    moved = f"moved to {now}" if by != now else f"with {now}"
    return f"By link: {by} pressed \u201c{done.label}\u201d: {done.after.code} is {done.after.status}, {moved}"


def show(lines: Sequence[Line], page: Path) -> None:
    """Print the first rows of what became of the posts, those with a ticket first."""
    screen = Screen(title="post → ticket → department → medium", title_style="bold", expand=True)
    for name, style in (("post", ""), ("ticket", "cyan"), ("department", ""), ("medium", "green")):
        screen.add_column(name, style=style, no_wrap=True, overflow="ellipsis", ratio=4 if name == "post" else 2)
    ordered = sorted(lines, key=lambda line: (line.ticket is None, line.simulated.key))
    for line in ordered[:SHOWN]:
        text = (line.post.text or "(photo only)") if line.post else "(not stored)"
        department = department_name(line.ticket.department) if line.ticket else "-"
        screen.add_row(text.replace("\n", " "), what_became(line), department, told(line) or "-")
    console.print(screen)
    if len(lines) > SHOWN:
        console.print(f"{len(lines) - SHOWN} more, and every mail and SMS: [bold]{page}")
    else:
        console.print(f"Every mail and SMS: [bold]{page}")


def how_to_ask(stack: Stack, *, running: bool) -> None:
    """Print the API's address and a ready-made call to paste."""
    url = api_url(stack)
    token_file = STATE / "admin-token"
    token_file.write_text(stack.token)
    console.print(f"Admin API: [bold]{url}[/]" + ("" if running else " (until the demo ends; `make up` keeps it)"))
    command = f'curl -H "Authorization: $(cat {token_file})" "{url}/tickets?status=needs_review&limit=5"'
    console.print(command, soft_wrap=True, markup=False)


def api_url(stack: Stack) -> str:
    """Return the address of the admin API."""
    return f"{stack.addresses.emulator}/_aws/execute-api/{stack.deployment.api_id}/v1"


def verdict(lines: Sequence[Line], seconds: float) -> int:
    """Print the totals as the last line; return 0 only if every post is accounted for and every notice was sent."""
    left = unfinished(lines)
    if left:
        console.print(f"[yellow]notices not sent: {dict(left)}")
    result = totals(lines, seconds)
    print(result.as_json())
    return 1 if result.lost or left else 0


@contextmanager
def step(what: str) -> Iterator[None]:
    """Print that a step is running, and then how long it took."""
    began = time.monotonic()
    with console.status(f"{what} …"):
        yield
    console.print(f"[green]✓[/] {what} [dim]({time.monotonic() - began:.1f} s)")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    parser.add_argument("command", choices=("demo", "up", "simulate", "attack", "down"))
    parser.add_argument("--posts", type=Path, help="JSON lines with id and text; default: the bundled")
    parser.add_argument("--limit", type=int, help="take only so many posts")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
