"""The project's own labelled posts, and the protest set, which is never trained on."""

from __future__ import annotations

from collections import Counter, defaultdict

from aduan.directory_loading import load_directory
from aduan.masking import masked
from infra.training.example import Example, held_out
from infra.training.examples import CORPUS, PROTEST, read_corpus, read_examples
from infra.training.json_lines import read_json_lines
from infra.training.near_duplicates import near_duplicates

DIRECTORY = load_directory()
POSTS = read_corpus(DIRECTORY)
PROTESTS = read_examples(PROTEST, DIRECTORY)


def plain(text: str) -> str:
    """Return a text without differences that no reader notices."""
    return " ".join(text.casefold().split())


def test_there_is_enough_to_learn_from() -> None:
    """The corpus has thousands of posts, ninety or more of every topic, and a thousand of chatter."""
    topics = Counter(post.topic for post in POSTS if post.is_report)
    assert len(POSTS) >= 2_000
    assert {topic: topics[topic] for topic in DIRECTORY.topics if topics[topic] < 90} == {}
    assert sum(not post.is_report for post in POSTS) >= 1_000


def test_a_quarter_is_in_javanese() -> None:
    """People in Sleman write Javanese and mix it with Indonesian, and so does a quarter of the corpus."""
    languages = Counter(row["lang"] for path in CORPUS.glob("*.jsonl") for _, row in read_json_lines(path))
    assert set(languages) == {"id", "jv", "mixed"}
    assert languages["jv"] + languages["mixed"] >= languages.total() / 4


def test_labels_agree() -> None:
    """A report has a topic, a kind and an urgency; chatter has neither a topic nor a kind of report."""
    assert not [post.id for post in POSTS if post.is_report and None in (post.topic, post.kind, post.urgency)]
    chatter = [post for post in [*POSTS, *PROTESTS] if not post.is_report]
    assert not [post.id for post in chatter if post.topics or post.kind not in {None, "other"}]


def test_no_post_is_there_twice() -> None:
    """Each post occurs once and has an id of its own."""
    assert not [text for text, count in Counter(plain(post.text) for post in POSTS).items() if count > 1]
    assert len({post.id for post in POSTS}) == len(POSTS)


def test_near_duplicates_are_in_one_group() -> None:
    """What says nearly the same stands on one side of every split: else it is learnt here and scored there."""
    everything = [*POSTS, *PROTESTS]
    found: dict[int, list[Example]] = defaultdict(list)
    for post, first in zip(everything, near_duplicates([post.text for post in everything]), strict=True):
        found[first].append(post)
    apart = [members for members in found.values() if len({post.group for post in members}) > 1]
    assert [[(post.id, post.group, post.text) for post in members] for members in apart] == []


def test_there_is_nobodys_number() -> None:
    """No post holds a personal number: masking leaves each one unchanged."""
    assert not [post.id for post in [*POSTS, *PROTESTS] if masked(post.text) != post.text]


def test_a_quarter_is_held_out() -> None:
    """About a quarter of the corpus, with some of every topic, is never trained on."""
    kept = [post for post in POSTS if held_out(post)]
    assert 0.2 < len(kept) / len(POSTS) < 0.3
    assert {post.topic for post in kept} == {*DIRECTORY.topics, None}


def test_the_protest_set_is_apart() -> None:
    """The protest set has 150 posts, none of them a report and none of them in the corpus."""
    assert len(PROTESTS) >= 150
    assert not [post.id for post in PROTESTS if post.is_report]
    assert not {plain(post.text) for post in PROTESTS} & {plain(post.text) for post in POSTS}
    assert not {post.group for post in PROTESTS} & {post.group for post in POSTS}
