"""Write the model card: what the model learnt from, how good it is on which texts, and where it is weak."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from classify.model import Model
from infra.training.example import Example
from infra.training.report import Held, details, overview
from infra.training.scores import score

MODEL_CARD: Final = Path(__file__).parent / "MODEL_CARD.md"
SCORES: Final = Path(__file__).parent / "scores.json"
LICENCES: Final = {
    "surabaya_mediacenter_2022_23": (
        "Surabaya Media Center 2022-23, jaal047/Project_Capstone_LaskarAI_KeluhCerdas-, no licence stated"
    ),
    "sp4n_lapor_kab_bandung_2021_26": (
        "SP4N-LAPOR! export of Kabupaten Bandung 2021-26, "
        "sahlhafidzirkhami/Proyek-Saints-Data-Laporan-Aduan-Masyarakat, no licence stated"
    ),
    "sp4n_tweets_promo": "tweets about LAPOR!, ahmadjundik/sentiment-analysis-SP4N-LAPOR, no licence stated",
    "indonlu_emot_tweets": "IndoNLU EmoT, CC BY-NC-SA",
    "indonlu_smsa": "IndoNLU SmSA, Apache-2.0",
    "ije_codemixed_tweets": "code-mixed Indonesian-Javanese-English tweets, fathanick, no licence stated",
    "nusax_javanese": "NusaX Javanese, CC BY-SA 4.0",
    "hate_speech_tweets": "hate-speech tweets, okkyibrohim, CC BY-NC-SA",
    "sms_spam_promo": "SMS promotion, no licence stated",
    "corpus": "written for this project, its own licence",
    "threads": "written for this project, its own licence",
    "danger": "written for this project, its own licence",
    "instagram_dkk_semarang_2020_21": (
        "comments under Semarang's health office's Instagram, yasirabd/sentiment-dkk-semarang, Apache-2.0"
    ),
    "x_posts_facilities_2025": (
        "posts on X with words of complaint, Ysfii-Dev/indobert-ner-citizen-reports, MIT by its README"
    ),
    "corrections": "corrected by the county's admins, masked",
}
"""Origin and licence of the texts, by source. Only weights of words that many texts share are kept, never a text."""


def write_model_card(
    held: Sequence[Held], model: Model, corpus: Sequence[Example], given: Sequence[Example], files: Sequence[Path]
) -> str:
    """Write the model card and the scores, and return an overview for people.

    Args:
        held: The scored sets of unseen texts.
        model: The deployed model.
        corpus: The project's own texts.
        given: The texts of `files`.
        files: The other files the model was trained on.
    """
    scores = {one.name: score(one.decided).described() for one in held}
    described = {"model": model.hash, "scores": scores}
    SCORES.write_text(json.dumps(described, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    table = "\n".join(overview(list(held)))
    sources = Counter(example.source for example in [*corpus, *given])
    learnt = "\n".join(
        f"| {source} | {count} | {LICENCES.get(source, 'given by whoever trained')} |"
        for source, count in sources.most_common()
    )
    parts = "\n\n".join(f"### {one.name}\n\n" + "\n".join(details(one)) for one in held)
    text = _TEMPLATE.format(
        hash=model.hash,
        features=sum(len(family.rows) for family in model.families),
        files=len(files),
        learnt=learnt,
        table=table,
        parts=parts.strip(),
    )
    MODEL_CARD.write_text(text, encoding="utf-8")
    return f"{table}\n\nmodel {model.hash}; the whole report is in {MODEL_CARD.name}"


_TEMPLATE: Final = """# Model card

Written by `make train`; do not edit. Model `{hash}`: {features} features with weights of eight bits.

**What it decides.** Whether a post is a report to the county; of which kind; its topic out of twenty; how urgent. Rules
that are not learnt turn topic and place into a department. **What it is not for:** judging people. It knows no author.

## What it learnt from

| source | texts | origin and licence |
|---|---|---|
{learnt}

No text is kept: only weights of words the project's corpus, the directory or many texts use, mostly in small letters
and not after a form of address, and of pieces that many words share. Frequent given names have none. A quarter of the
corpus and a third of the threads are never learnt from.

## How good it is on texts it has not seen

"Held-out thirds": every text of the {files} given files is scored once, by a model trained on the other two thirds
and the corpus; near-duplicates stay on one side. "Unseen source": by a model that learnt nothing of that source. In
brackets 95 % intervals, drawn by groups of near-duplicates. Topics count as right when the label accepts them. `auto`
is right when the topic is right.

{table}

## By source and topic

{parts}

## Where it is weak

Short comments whose matter is in the post they answer; sarcasm without a word of the matter; two matters in one text;
offices that share a matter (an online service of another office, staff of an office, village funds). The labels
themselves are wrong in about four of a hundred.
"""
