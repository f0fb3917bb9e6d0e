"""Lets the language model word a notice; the template's text stands wherever it can't, mustn't or invents something."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Count, Q, Sum

from ingestion.llm.errors import NonsenseError
from ingestion.llm.facts import NoticeFacts
from ingestion.llm.protocol import Writer
from ingestion.llm.recording import recorded
from ingestion.llm.selection import writer
from ingestion.llm.wording import Wording
from ingestion.models import LLMCall
from jobs.context import active_run
from notifications.composing import Notice
from notifications.composing.faithful import Source, problems
from notifications.composing.wording import TODAY, name_of
from notifications.conf import conf
from notifications.models import Preference, Signal

PURPOSE = "word_notice"
MOST_FAILURES = 2
LONGEST_NOTE = 200
Kind = Signal.Kind
WORDED = {
    Kind.IMPORTANT_MAIL,
    Kind.DEADLINE,
    Kind.DAILY_BRIEFING,
    Kind.MEETING_PREP,
    Kind.COMMITMENT,
    Kind.AWAITING_RESPONSE,
}

log = structlog.get_logger(__name__)


class UnfaithfulError(NonsenseError):
    """The model's text says something that the template's doesn't, or leaves something out; what, is not kept here."""

    def __init__(self, found: Sequence[str]) -> None:
        super().__init__(f"{len(found)} deviations from the template's text")
        self.found = found


@dataclass(frozen=True, kw_only=True)
class Worded:
    """A notice, and whose words it is in."""

    notice: Notice
    model: str = ""
    """Empty: the template's."""
    note: str = ""
    """Why the template's text stands though there is a model."""


def worded(notice: Notice, *, kind: Signal.Kind, user: AbstractBaseUser, preference: Preference) -> Worded:
    """Return the notice in the model's words if they are faithful to the template's, else as it is.

    Never raises for the model's sake. Each call is recorded; call it outside a transaction.
    """
    if kind not in WORDED or not conf().notices_by_model:
        return Worded(notice=notice)
    try:
        model = writer(patience_seconds=conf().wording_seconds)
        if model is None:
            return Worded(notice=notice)
        if _has_waited_enough():
            return Worded(notice=notice, note="the run has waited for the model long enough")
        text = _asked(model, notice, kind=kind, user=user, preference=preference)
    except SoftTimeLimitExceeded:
        raise
    except UnfaithfulError as error:
        return Worded(notice=notice, note="; ".join(error.found)[:LONGEST_NOTE])
    except Exception as error:
        log.warning("notice not worded by the model", kind=str(kind), error=f"{type(error).__name__}: {error}"[:300])
        return Worded(notice=notice, note=f"{type(error).__name__}: {error}"[:LONGEST_NOTE])
    return Worded(notice=Notice(notice.title, text), model=model.name)


def _asked(model: Writer, notice: Notice, *, kind: str, user: AbstractBaseUser, preference: Preference) -> str:
    asked = NoticeFacts(
        kind=kind,
        language=preference.language,
        tone=preference.tone,
        detail=preference.detail,
        title=notice.title,
        text=notice.body,
    )
    source = Source(
        title=notice.title, body=notice.body, language=preference.language, freely=_freely(kind, user, preference)
    )
    answer = recorded(
        lambda: model.word(asked),
        check=lambda wording: _checked(wording, source),
        model=model.name,
        purpose=PURPOSE,
        owner_id=user.pk,
    )
    return answer.value.text


def _checked(wording: Wording, source: Source) -> Wording:
    text = unicodedata.normalize("NFC", wording.text).strip()
    if not text:
        raise NonsenseError("the text is empty")
    if found := problems(text, source):
        raise UnfaithfulError(found)
    return Wording(text=text)


def _freely(kind: str, user: AbstractBaseUser, preference: Preference) -> list[str]:
    """Return the words that may stand anywhere: the reader's name, ours, and in a briefing the day itself."""
    names = [name_of(user, formal=formal) for formal in (True, False)]
    return [name for name in names if name] + ["Daybook"] + [TODAY[preference.language]] * (kind == Kind.DAILY_BRIEFING)


def _has_waited_enough() -> bool:
    """Whether this run's calls took their time or failed: what it still has to tell shall not be late for them."""
    run = active_run()
    if run is None:
        return False
    calls = LLMCall.objects.filter(run_id=run.id, purpose=PURPOSE)
    found = calls.aggregate(took=Sum("latency_ms"), failures=Count("pk", filter=Q(outcome=LLMCall.Outcome.ERROR)))
    took = timedelta(milliseconds=found["took"] or 0)
    return bool(found["failures"] >= MOST_FAILURES or took >= timedelta(seconds=conf().wording_seconds_a_run))
