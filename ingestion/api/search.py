"""Search over one's own mail and calendars."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from ingestion.searching.finding import Kind, Mode, search
from ingestion.searching.query import BadQueryError
from jobs.api.principal import asking
from jobs.api.problems import ProblemError
from jobs.api.shapes import Limit, Listing, answers
from jobs.models.token import Scope

router = Router(tags=["search"])


class FoundValues(Schema):
    """One mail or calendar object that fits."""

    kind: Literal["mail", "event"]
    id: int
    title: str
    who: str
    happened_at: datetime
    excerpt: str


class Wanted(Schema):
    """What to look for: words, "phrases", begin* and -without."""

    q: Annotated[str, Field(max_length=1000)] = ""
    mode: Literal["words", "meaning", "both"] = "both"
    kind: Literal["mail", "event"] | None = None
    limit: Limit = 20


@router.get("/search", response=answers(Listing[FoundValues]))
def find(request: HttpRequest, wanted: Query[Wanted]) -> Any:
    """Find one's own mails and events, the best first."""
    who = asking(request, Scope.READ)
    if "\0" in wanted.q:
        raise ProblemError(422, "A NUL character can't be looked for.")
    try:
        kind = Kind(wanted.kind or "")
        return {"items": search(who.user.pk, wanted.q, mode=Mode(wanted.mode), kind=kind, limit=wanted.limit)}
    except BadQueryError as error:
        raise ProblemError(422, str(error)) from None
