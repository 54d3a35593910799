"""A stranger's link never becomes the button of an official mail."""

from __future__ import annotations

import pytest

from aduan.directory_loading import load_directory
from aduan.source_link import source_link

DIRECTORY = load_directory()
RELAY, PARTNER = "telegram_relay:infocegatan", "webhook:icj"
FEED, YOUTUBE, X = "rss:suratpembaca", "youtube:kabarsleman", "x:kabarsleman"
FACEBOOK = next(channel.id for channel in DIRECTORY.channels if channel.kind == "facebook_page")
INSTAGRAM = next(channel.id for channel in DIRECTORY.channels if channel.kind == "instagram")


@pytest.mark.parametrize(
    ("channel", "link"),
    [
        (INSTAGRAM, "https://www.instagram.com/p/DBx1/"),
        (INSTAGRAM, "https://instagram.com/p/DBx1/c/17900000000000001/"),
        (FACEBOOK, "https://www.facebook.com/permalink.php?story_fbid=1&id=2&comment_id=3"),
        (FACEBOOK, "https://m.facebook.com/groups/icj/posts/7/"),
        (YOUTUBE, "https://www.youtube.com/watch?v=abc&lc=def"),
        (X, "https://x.com/i/status/1855555555555555555"),
        (RELAY, "https://t.me/kabarkalasan/12"),
        (RELAY, "https://www.facebook.com/groups/infocegatanjogja/"),
        (PARTNER, "https://www.facebook.com/groups/infocegatanjogja/posts/7/"),
        (FEED, "https://media.example/surat/2026/jalan-rusak"),
        (FEED, "https://www.media.example/surat?id=7"),
    ],
)
def test_a_link_to_the_posts_own_channel_is_a_button(channel: str, link: str) -> None:
    """The platform's addresses of posts, of the partner's group and of the feed's site lead where they say."""
    assert source_link(link, channel, DIRECTORY) == link


@pytest.mark.parametrize(
    ("channel", "link"),
    [
        (INSTAGRAM, "https://www.facebook.com/permalink.php?story_fbid=1"),
        (INSTAGRAM, "https://instagram.com.jahat.example/p/1/"),
        (INSTAGRAM, "https://jahatinstagram.com/p/1/"),
        (INSTAGRAM, "https://l.instagram.com/?u=https%3A%2F%2Fjahat.example"),
        (INSTAGRAM, "https://www.instagram.com/accounts/login/?next=/p/1/"),
        (FACEBOOK, "https://l.facebook.com/l.php?u=https%3A%2F%2Fjahat.example%2F"),
        (FACEBOOK, "https://www.facebook.com/l.php?u=jahat.example"),
        (FACEBOOK, "https://www.facebook.com/flx/warn/?u=http%253A%252F%252Fjahat.example"),
        (FACEBOOK, "https://www.facebook.com/sharer/sharer.php?u=jahat.example"),
        (FACEBOOK, "https://apps.facebook.com/jahat/"),
        (FACEBOOK, "https://www.facebook.com@jahat.example/"),
        (YOUTUBE, "https://www.youtube.com/redirect?q=jahat.example"),
        (X, "https://twitter.com/intent/tweet?text=x"),
        (X, "https://t.co/abc"),
        (RELAY, "https://t.me/+AbCdEf"),
        (RELAY, "https://t.me/joinchat/AbCdEf"),
        (RELAY, "https://t.me/proxy?server=jahat.example"),
        (PARTNER, "https://t.me/kabarkalasan/12"),
        (PARTNER, "https://bit.ly/x"),
        (FEED, "https://jahat.example/surat"),
        (FEED, "https://media.example.jahat.example/surat"),
        (FEED, "https://media.example/keluar?ke=https://jahat.example"),
        (FEED, "javascript:alert(1)"),
        ("instagram:tidakada", "https://www.instagram.com/p/DBx1/"),
        (INSTAGRAM, ""),
    ],
)
def test_any_other_link_is_no_button(channel: str, link: str) -> None:
    """Other hosts, redirectors, invitations, sign-ins, and channels that are not there any more."""
    assert source_link(link, channel, DIRECTORY) == ""
