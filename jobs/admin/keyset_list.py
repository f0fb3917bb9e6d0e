"""An admin list of runs that pages by position: no page number, no COUNT, page 100,000 as quick as page 1."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest
from django.utils.functional import cached_property

from jobs.admin.themed import ChangeList, Paginator
from jobs.keyset import BadCursorError, Page, page_of, read_cursor
from jobs.models import Run

CURSOR = "cursor"
_OF_FINISHED = frozenset({"queue", "cause"})
"""Filters whose indexes hold only finished runs."""


class Uncounted(Paginator[Run]):
    """Stands where the admin expects a paginator; the number of runs is nobody's business here."""

    @cached_property
    def count(self) -> int:
        """Return 0: never counted."""
        return 0


class KeysetChangeList(ChangeList):
    """The runs around the request's cursor, newest first."""

    page: Page

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Run]:
        """Return the filtered runs; the cursor is no filter, and links to other filters start at the newest page."""
        self.params.pop(CURSOR, None)
        self.filter_params.pop(CURSOR, None)
        found: QuerySet[Run] = super().get_queryset(request, exclude_parameters)
        return found

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Run]) -> list[str | Combinable]:
        """Return the only order that has pages."""
        return ["-created_at", "-id"]

    def get_results(self, request: HttpRequest) -> None:
        """Read one page of runs."""
        text = request.GET.get(CURSOR, "")
        try:
            cursor = read_cursor(text) if text else None
        except BadCursorError as error:
            raise IncorrectLookupParameters(str(error)) from error
        in_parts = not _OF_FINISHED.isdisjoint(self.params)
        self.page = page_of(self.queryset, cursor=cursor, limit=self.list_per_page, in_parts=in_parts)
        self.result_list = self.page.runs
        self.result_count = len(self.page.runs)
        self.full_result_count = self.result_count
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = False
        self.multi_page = bool(self.page.newer or self.page.older)
        self.paginator = Uncounted([], self.list_per_page)

    @property
    def newer_link(self) -> str:
        """Return the link to the page of newer runs; empty on the first page."""
        return self.get_query_string({CURSOR: str(self.page.newer)}) if self.page.newer else ""

    @property
    def older_link(self) -> str:
        """Return the link to the page of older runs; empty on the last page."""
        return self.get_query_string({CURSOR: str(self.page.older)}) if self.page.older else ""
