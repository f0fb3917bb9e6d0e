"""What a model answers about a thread; `checked_review` refuses answers that make no sense, whoever gave them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from ingestion.llm.errors import NonsenseError

Aspect = Literal["summarise", "classify", "sentiment", "draft_reply", "extract_tasks"]
Category = Literal["work", "private", "finance", "travel", "shopping", "newsletter", "notice", "invitation", "other"]
Sentiment = Literal["negative", "neutral", "positive"]
FactKind = Literal["promise", "request", "date", "note"]
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)
LONGEST_SUMMARY = 2000
LONGEST_DRAFT = 5000
LONGEST_TEXT = 500
MOST_TASKS = 20


@dataclass(frozen=True, kw_only=True)
class FoundTask:
    """Something to do."""

    text: str
    is_promise: bool = False
    """The owner promised it; else the owner was asked."""
    due: date | datetime | None = None
    """By when; a date when no hour is named, else an aware datetime."""


@dataclass(frozen=True, kw_only=True)
class FoundFact:
    """Something worth remembering."""

    text: str
    kind: FactKind = "note"
    importance: float = 0.5
    """0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Review:
    """A model's understanding of one thread; what wasn't asked for stays empty."""

    summary: str = ""
    category: Category | Literal[""] = ""
    sentiment: Sentiment | Literal[""] = ""
    sentiment_score: float | None = None
    """-1 to 1."""
    draft_reply: str = ""
    """Empty also when no answer is wanted."""
    tasks: tuple[FoundTask, ...] = ()
    facts: tuple[FoundFact, ...] = ()


def checked_review(review: Review, *, aspects: frozenset[Aspect]) -> Review:
    """Return `review` unchanged.

    Raises: NonsenseError when it breaks its own terms, or leaves out what was asked.
    """
    problems = (
        ("summarise" in aspects and not review.summary.strip(), "no summary"),
        (len(review.summary) > LONGEST_SUMMARY, f"summary of {len(review.summary)} characters"),
        ("classify" in aspects and review.category not in get_args(Category), f"category {review.category!r}"),
        ("sentiment" in aspects and review.sentiment not in get_args(Sentiment), f"sentiment {review.sentiment!r}"),
        (not -1 <= (review.sentiment_score or 0) <= 1, f"sentiment score {review.sentiment_score}"),
        (len(review.draft_reply) > LONGEST_DRAFT, f"draft of {len(review.draft_reply)} characters"),
        (len(review.tasks) > MOST_TASKS, f"{len(review.tasks)} tasks"),
        (len(review.facts) > MOST_TASKS, f"{len(review.facts)} facts"),
    )
    found = [words for is_wrong, words in problems if is_wrong] + _problems_of_items(review)
    if found:
        raise NonsenseError("; ".join(found))
    return review


def _problems_of_items(review: Review) -> list[str]:
    texts = [task.text for task in review.tasks] + [fact.text for fact in review.facts]
    found = [f"text {text[:30]!r}" for text in texts if _is_no_text(text)]
    found += [f"deadline {task.due} without a zone" for task in review.tasks if _lacks_zone(task.due)]
    found += [f"fact of kind {fact.kind!r}" for fact in review.facts if fact.kind not in get_args(FactKind)]
    return found + [f"importance {fact.importance}" for fact in review.facts if not 0 <= fact.importance <= 1]


def _is_no_text(text: str) -> bool:
    return not text.strip() or len(text) > LONGEST_TEXT


def _lacks_zone(due: date | datetime | None) -> bool:
    return isinstance(due, datetime) and due.tzinfo is None
