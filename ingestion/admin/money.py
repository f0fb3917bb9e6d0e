"""Payments found in mail, in the admin; to look at."""

from __future__ import annotations

from django.contrib import admin

from ingestion.models import Transaction
from jobs.admin.read_only import ReadOnlyAdmin


@admin.register(Transaction)
class TransactionAdmin(ReadOnlyAdmin[Transaction]):
    """Transactions."""

    list_display = ["counterparty", "amount", "currency", "status", "category", "happened_on", "due_on", "owner"]
    list_filter = ["status", "currency"]
    list_select_related = ["owner", "category"]
    search_fields = ["counterparty", "reference", "owner__username"]
    ordering = ["-id"]
