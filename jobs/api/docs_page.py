"""The page that shows the API's description; script and style come from ninja's package, through our static files."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI, Swagger


class DocsPage(Swagger):
    """Swagger UI without ninja among the installed apps, which would load pydantic into every process."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """Return the page."""
        told = json.dumps({**self.settings, "url": self.get_openapi_url(api, kwargs)})
        return render(request, "jobs/api_docs.html", {"api": api, "swagger_settings": told})
