"""Ingestion's settings, typed; the only place that reads settings.DAYBOOK_INGESTION."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from django.conf import settings


@dataclass(frozen=True)
class Conf:
    """What may be tuned; durations and sizes carry their unit."""

    llm_model: str = "rules"
    llm_base_url: str = ""
    llm_api_key: str = field(default="", repr=False)
    llm_api_version: str = ""
    llm_project: str = ""
    llm_location: str = ""
    llm_timeout_seconds: float = 60.0
    llm_price_in: str = "0"
    llm_price_out: str = "0"
    llm_daily_tokens: int = 0
    llm_daily_cost: str = "0"
    embedding_model: str = "hashed"
    embedding_base_url: str = ""
    embedding_api_key: str = field(default="", repr=False)
    email_sync_interval_minutes: int = 5
    provider_syncs_per_minute: int = 6000
    email_sync_lookback_days: int = 90
    ai_processing_interval_minutes: int = 10
    ai_processing_batch_size: int = 50
    archive_schedules_at_start: bool = False

    google_client_id: str = ""
    google_client_secret: str = field(default="", repr=False)
    google_authorize_url: str = "https://accounts.google.com/o/oauth2/v2/auth"
    google_token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    google_push_topic: str = ""
    google_push_account: str = ""
    google_push_audience: str = ""
    google_keys_url: str = "https://www.googleapis.com/oauth2/v3/certs"
    microsoft_client_id: str = ""
    microsoft_client_secret: str = field(default="", repr=False)
    microsoft_authorize_url: str = "https://login.microsoftonline.com/common/oauth2/v2.0/authorize"
    microsoft_token_url: str = "https://login.microsoftonline.com/common/oauth2/v2.0/token"  # noqa: S105

    push_url: str = ""
    push_debounce_seconds: int = 5

    export_folder: str = "var/exports"

    max_mail_bytes: int = 50_000_000
    max_attachment_bytes: int = 25_000_000
    page_mails: int = 50
    page_bytes: int = 20_000_000
    imap_timeout_seconds: float = 30.0
    http_timeout_seconds: float = 30.0
    calendar_back_days: int = 90
    calendar_ahead_days: int = 365


def conf() -> Conf:
    """Return the settings in force now."""
    given: dict[str, Any] = settings.DAYBOOK_INGESTION
    names = {f.name for f in fields(Conf)}
    unknown = set(given) - names
    if unknown:
        message = f"unknown DAYBOOK_INGESTION settings: {sorted(unknown)}; known are {sorted(names)}"
        raise ValueError(message)
    return Conf(**given)
