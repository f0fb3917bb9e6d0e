"""Reviews a thread by rules: its latest mails' own sentences, word lists for the tone, a plain draft of an answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ingestion.llm.facts import MailFacts, ThreadFacts
from ingestion.llm.review import Aspect, Category, FactKind, FoundFact, FoundTask, Review, Sentiment
from ingestion.llm.rules.deadlines import find_deadline
from ingestion.llm.rules.drafts import draft_reply
from ingestion.llm.rules.reading import Reading, read, requests_in
from ingestion.llm.rules.summary import LONGEST, shorten, summarise
from ingestion.llm.rules.tones import promise_of, tone_of
from ingestion.llm.verdict import Verdict

MOST_TASKS = 10
LONGEST_TEXT = 300
CLEARLY = 0.2
IMPORTANCE: dict[FactKind, float] = {"promise": 0.8, "request": 0.6, "date": 0.5, "note": 0.3}
# In this order: an invoice for a journey is a matter of money.
CATEGORIES: tuple[tuple[Category, frozenset[str]], ...] = (
    ("newsletter", frozenset({"newsletter"})),
    ("finance", frozenset({"invoice", "receipt", "statement"})),
    ("travel", frozenset({"travel"})),
    ("shopping", frozenset({"shipping"})),
    ("invitation", frozenset({"invitation", "appointment"})),
    ("work", frozenset({"contract"})),
)


def review(thread: ThreadFacts, *, verdict: Verdict, aspects: frozenset[Aspect]) -> Review:
    """Return what is asked for; `verdict` is the one on the latest mail."""
    latest = thread.mails[-1]
    tasks = tuple(_tasks(thread))[:MOST_TASKS] if "extract_tasks" in aspects else ()
    score = _score(thread) if "sentiment" in aspects else None
    wants_answer = "answer" in verdict.labels and not latest.is_own
    return Review(
        summary=_summary(thread, verdict) if "summarise" in aspects else "",
        category=_category(verdict) if "classify" in aspects else "",
        sentiment=_sentiment(score) if score is not None else "",
        sentiment_score=score,
        draft_reply=draft_reply(latest, owner_name=thread.owner_name)
        if wants_answer and "draft_reply" in aspects
        else "",
        tasks=tasks,
        facts=tuple(_fact(task) for task in tasks),
    )


def _summary(thread: ThreadFacts, verdict: Verdict) -> str:
    if len(thread.mails) == 1:
        return verdict.summary or shorten(thread.subject, LONGEST) or "(no text)"
    first = thread.mails[0]
    opening = summarise(read(first).sentences, subject=first.subject, attachments=[])
    return f"{shorten(opening, LONGEST)}\n{shorten(verdict.summary, LONGEST)}".strip() or "(no text)"


def _category(verdict: Verdict) -> Category:
    labels = set(verdict.labels)
    found = next((category for category, any_of in CATEGORIES if labels & any_of), None)
    return found or ("notice" if verdict.is_automated else "other")


def _score(thread: ThreadFacts) -> float:
    readings = [read(mail) for mail in thread.mails if not mail.is_own]
    good = sum(tone_of(reading)[0] for reading in readings)
    bad = sum(tone_of(reading)[1] for reading in readings)
    return round((good - bad) / (good + bad), 2) if good + bad else 0.0


def _sentiment(score: float) -> Sentiment:
    if abs(score) <= CLEARLY:
        return "neutral"
    return "positive" if score > 0 else "negative"


def _tasks(thread: ThreadFacts) -> Iterator[FoundTask]:
    """Yield what others asked since the owner last wrote, and what the owner promised."""
    latest_own = max((at for at, mail in enumerate(thread.mails) if mail.is_own), default=-1)
    for at, mail in enumerate(thread.mails):
        reading = read(mail)
        if mail.is_own:
            yield from _promises(mail, reading)
        elif at > latest_own and mail.addressed == "directly" and "list-id" not in mail.headers:
            requests = requests_in(reading)
            yield from (FoundTask(text=_text(each), due=_due(each, mail, reading, asked=True)) for each in requests)


def _promises(mail: MailFacts, reading: Reading) -> Iterator[FoundTask]:
    for sentence in reading.sentences:
        if promise_of(sentence, reading):
            yield FoundTask(text=_text(sentence), is_promise=True, due=_due(sentence, mail, reading, asked=True))


def _due(sentence: str, mail: MailFacts, reading: Reading, *, asked: bool) -> date | None:
    requests = [sentence] if asked else []
    found = find_deadline([sentence], reading.language, sent_at=mail.sent_at, requests=requests)
    return found.when if found else None


def _fact(task: FoundTask) -> FoundFact:
    kind: FactKind = "promise" if task.is_promise else "date" if task.due else "request"
    return FoundFact(text=task.text, kind=kind, importance=IMPORTANCE[kind])


def _text(sentence: str) -> str:
    return shorten(sentence, LONGEST_TEXT)
