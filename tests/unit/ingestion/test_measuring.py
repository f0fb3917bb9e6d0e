"""The rules model stays as good as docs/rules_model.md says it is, whatever the weekday."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingestion.llm.rules.model import RulesModel
from ingestion.samples import corpus, further, held_out
from ingestion.samples.measuring import Score, measure

LEAST = {
    "importance high": (0.9, 0.8),
    "importance low": (0.85, 0.8),
    "automated": (0.95, 0.95),
    "answer wanted": (0.9, 0.9),
    "deadline": (0.95, 0.95),
    "amount": (0.9, 0.9),
}


@pytest.mark.parametrize("days", range(7))
def test_on_the_sample_it_finds_what_a_person_found(days: int) -> None:
    now = datetime(2026, 3, 15, 12, tzinfo=UTC) + timedelta(days=days)
    scores, misses = measure([*corpus(), *further()], model=RulesModel(), now=now)
    worse = [
        score
        for score in scores
        if (score.precision or 0) < LEAST[score.aspect][0] or (score.recall or 0) < LEAST[score.aspect][1]
    ]
    assert worse == [], misses


def test_own_mail_is_not_counted() -> None:
    now = datetime(2026, 3, 15, 12, tzinfo=UTC)
    scores, _ = measure([sample for sample in corpus() if sample.sent_mail], model=RulesModel(), now=now)
    assert {(score.labelled, score.found, score.precision, score.recall) for score in scores} == {(0, 0, None, None)}


def test_a_share_is_of_what_was_found_or_labelled() -> None:
    score = Score("deadline", labelled=4, found=3, right=2)
    assert (score.precision, score.recall) == (2 / 3, 0.5)


def test_held_out_mail_is_in_no_mailbox() -> None:
    ids = [sample.id for sample in (*corpus(), *further(), *held_out())]
    assert len(ids) == len(set(ids))
    assert len(held_out()) >= 24
