"""Results have no pages of their own: a run's page shows its result, so that nobody edits the record."""

from django.contrib import admin
from django_celery_results.models import GroupResult, TaskResult

admin.site.unregister([TaskResult, GroupResult])
