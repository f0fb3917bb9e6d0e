"""Every path the web process answers."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from jobs.api.application import api
from project import health

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
]
