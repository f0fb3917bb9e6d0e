"""Where the admin begins: on the overview, for who may see runs."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


def home(request: HttpRequest) -> HttpResponse:
    """Lead to the overview; who may not see it gets the list of what there is for them."""
    if request.user.has_perm("jobs.view_run"):
        return redirect("admin:jobs_run_overview")
    return admin.site.index(request)
