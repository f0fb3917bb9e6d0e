"""Every path the web process answers."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from ingestion.api import archives, hooks, search
from ingestion.pages import connecting
from jobs.api.application import api
from jobs.api.metrics_page import metrics_page
from notifications.pages.exchange import exchange_page
from project import health
from project.home import home
from project.second_factor.page import second_factor_page

admin.autodiscover()
api.add_router("", search.router)
api.add_router("", archives.router)

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.admin_view(home)),
    path("admin/", admin.site.urls),
    path("api/v1/hooks/gmail", hooks.gmail),
    path("api/v1/hooks/outlook", hooks.outlook),
    path("api/v1/", api.urls),
    path("connect/", connecting.connect_page, name="connect"),
    path("connect/answer/", connecting.connected_page, name="connected"),
    path("connect/made/", connecting.connection_made_page, name="connection_made"),
    path("exchange/<str:token>/", exchange_page),
    path("second-factor/", second_factor_page, name="second_factor"),
    path("metrics", metrics_page),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
]
