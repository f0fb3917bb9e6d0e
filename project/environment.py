"""Every environment variable the project reads, typed, with its default; docs/settings.md is made from it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
INSECURE_KEY = "insecure-development-key-never-use-in-production"

_env = environ.Env()
if (BASE_DIR / ".env").is_file():
    _env.read_env(str(BASE_DIR / ".env"))
if (_secrets := BASE_DIR / _env.str("DATA_DIR", "var") / "secrets.env").is_file():
    _env.read_env(str(_secrets))


def _text(name: str, default: str, about: str) -> str:
    return field(default_factory=lambda: str(_env.str(name, default)), metadata=_about(name, default, about))


def _folder(name: str, default: str, about: str) -> str:
    return field(default_factory=lambda: str(BASE_DIR / _env.str(name, default)), metadata=_about(name, default, about))


def _flag(name: str, default: bool, about: str) -> bool:
    return field(default_factory=lambda: bool(_env.bool(name, default)), metadata=_about(name, default, about))


def _number(name: str, default: int, about: str) -> int:
    return field(default_factory=lambda: int(_env.int(name, default)), metadata=_about(name, default, about))


def _texts(name: str, default: list[str], about: str) -> list[str]:
    return field(
        default_factory=lambda: list(_env.list(name, default=default)),
        metadata=_about(name, ",".join(default), about),
    )


def _about(name: str, default: object, about: str) -> dict[str, object]:
    return {"name": name, "default": default, "about": about}


@dataclass(frozen=True)
class Environment:
    """What the operator may set; read once at start-up."""

    debug: bool = _flag("DEBUG", False, "Development mode: error pages, relaxed checks.")
    secret_key: str = _text("SECRET_KEY", INSECURE_KEY, "Signs sessions; required in production.")
    second_factor: bool = _flag(
        "SECOND_FACTOR", False, "Logins need a code of an authenticator app (TOTP) besides the password."
    )
    https: bool = _flag("HTTPS", False, "Behind a TLS proxy: secure cookies, HSTS, plain requests redirected.")
    allowed_hosts: list[str] = _texts("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"], "Host names served.")
    data_dir: str = _folder("DATA_DIR", "var", "Folder of the embedded database, broker and logs.")
    database_url: str = _text("DATABASE_URL", "", "Postgres or SQLite; empty: SQLite in DATA_DIR.")
    database_pooled: bool = _flag(
        "DATABASE_POOLED", False, "A pooler before PostgreSQL lends a session for one transaction only (PgBouncer)."
    )
    broker_url: str = _text("BROKER_URL", "", "Redis, Valkey, Sentinel or RabbitMQ; empty: the embedded Valkey.")
    broker_master_name: str = _text("BROKER_MASTER_NAME", "mymaster", "What the Sentinels call the broker's master.")
    field_encryption_keys: list[str] = _texts(
        "FIELD_ENCRYPTION_KEYS",
        [],
        "Fernet keys, newest first, for credentials, sensitive arguments and authenticators.",
    )
    message_signing_keys: list[str] = _texts(
        "MESSAGE_SIGNING_KEYS", [], "HMAC keys, newest first, for broker messages."
    )
    email_url: str = _text(
        "EMAIL_URL", "", "Outgoing mail, smtp://host:25 or resend://API_KEY (extra `resend`); empty: DATA_DIR/mail."
    )
    email_from: str = _text("EMAIL_FROM", "daybook@localhost", "Sender of outgoing mail.")
    site_url: str = _text("SITE_URL", "", "Where links in messages lead; empty: http://127.0.0.1:PORT.")
    alert_urls: list[str] = _texts(
        "ALERT_URLS", [], "Where operators are told what is wrong: mailto:ops@example.org or apprise URLs."
    )
    webhook_networks: list[str] = _texts(
        "WEBHOOK_NETWORKS", [], "Private networks that webhooks may go to, e.g. 10.1.0.0/16; all others are refused."
    )
    threema_gateway_url: str = _text(
        "THREEMA_GATEWAY_URL", "", "Threema gateway that takes registration tokens; empty: none."
    )
    threema_gateway_token: str = _text("THREEMA_GATEWAY_TOKEN", "", "Lets us in there.")
    threema_gateway_id: str = _text("THREEMA_GATEWAY_ID", "", "What our Threema messages come from, such as *DAYBOOK.")
    threema_gateway_secret: str = _text("THREEMA_GATEWAY_SECRET", "", "Its API secret.")
    llm_model: str = _text(
        "LLM_MODEL", "rules", "Language model: rules (built in, offline), openai:NAME, azure:DEPLOYMENT, vertex:NAME."
    )
    llm_base_url: str = _text("LLM_BASE_URL", "", "Where the model is: an OpenAI-compatible or Azure endpoint.")
    llm_api_key: str = _text("LLM_API_KEY", "", "Key of the model's server.")
    llm_api_version: str = _text("LLM_API_VERSION", "", "Azure OpenAI's API version.")
    llm_project: str = _text("LLM_PROJECT", "", "Vertex AI: the Google Cloud project.")
    llm_location: str = _text("LLM_LOCATION", "", "Vertex AI: the region.")
    llm_timeout_seconds: int = _number("LLM_TIMEOUT_SECONDS", 60, "Seconds a call of the model may take.")
    llm_price_in: str = _text("LLM_PRICE_IN", "0", "Price of a million tokens asked, for the cost noted with calls.")
    llm_price_out: str = _text("LLM_PRICE_OUT", "0", "Price of a million tokens answered.")
    notices_by_model: bool = _flag(
        "NOTICES_BY_MODEL", True, "LLM_MODEL, if it isn't the rules, words notices; the templates stand in for it."
    )
    llm_daily_tokens: int = _number("LLM_DAILY_TOKENS", 0, "Tokens per user and day (UTC); 0: no bound.")
    llm_daily_cost: str = _text("LLM_DAILY_COST", "0", "Cost per user and day (UTC); 0: no bound.")
    embedding_model: str = _text(
        "EMBEDDING_MODEL", "hashed", "What search finds meanings by: hashed (built in, offline) or openai:NAME."
    )
    embedding_base_url: str = _text("EMBEDDING_BASE_URL", "", "Where that model is: an OpenAI-compatible endpoint.")
    embedding_api_key: str = _text("EMBEDDING_API_KEY", "", "Key of its server.")
    email_sync_interval_minutes: int = _number("EMAIL_SYNC_INTERVAL_MINUTES", 5, "Minutes between mail syncs.")
    provider_syncs_per_minute: int = _number(
        "PROVIDER_SYNCS_PER_MINUTE", 6000, "Syncs that start per minute at one provider, over all workers; 0: no bound."
    )
    email_sync_lookback_days: int = _number("EMAIL_SYNC_LOOKBACK_DAYS", 90, "Days a first sync reaches back.")
    ai_processing_interval_minutes: int = _number("AI_PROCESSING_INTERVAL_MINUTES", 10, "Minutes between AI runs.")
    ai_processing_batch_size: int = _number("AI_PROCESSING_BATCH_SIZE", 50, "Mails per AI run.")
    google_client_id: str = _text("GOOGLE_CLIENT_ID", "", "OAuth client for Gmail.")
    google_client_secret: str = _text("GOOGLE_CLIENT_SECRET", "", "Its secret.")
    google_authorize_url: str = _text(
        "GOOGLE_AUTHORIZE_URL", "https://accounts.google.com/o/oauth2/v2/auth", "Where Google asks for consent."
    )
    google_token_url: str = _text("GOOGLE_TOKEN_URL", "https://oauth2.googleapis.com/token", "Where its tokens are.")
    google_push_topic: str = _text(
        "GOOGLE_PUSH_TOPIC", "", "Pub/Sub topic that Gmail tells of new mail, projects/P/topics/T; empty: none is told."
    )
    google_push_account: str = _text(
        "GOOGLE_PUSH_ACCOUNT", "", "E-mail of the service account that signs the topic's pushes; empty: none is let in."
    )
    google_push_audience: str = _text(
        "GOOGLE_PUSH_AUDIENCE", "", "Audience of its tokens; empty: PUSH_URL/api/v1/hooks/gmail."
    )
    google_keys_url: str = _text(
        "GOOGLE_KEYS_URL", "https://www.googleapis.com/oauth2/v3/certs", "Where Google's public keys are."
    )
    microsoft_client_id: str = _text("MICROSOFT_CLIENT_ID", "", "OAuth client for Microsoft 365.")
    microsoft_client_secret: str = _text("MICROSOFT_CLIENT_SECRET", "", "Its secret.")
    microsoft_authorize_url: str = _text(
        "MICROSOFT_AUTHORIZE_URL",
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        "Where Microsoft asks for consent; put the tenant in place of `common`.",
    )
    microsoft_token_url: str = _text(
        "MICROSOFT_TOKEN_URL",
        "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        "Where its tokens are; put the tenant in place of `common`.",
    )
    archive_schedules_at_start: bool = _flag(
        "ARCHIVE_SCHEDULES_AT_START", False, "Whether beat, when it starts, makes the schedules that archives lack."
    )
    push_url: str = _text(
        "PUSH_URL", "", "Public https:// address of this site, for notices of new mail; empty: none are asked for."
    )
    push_debounce_seconds: int = _number(
        "PUSH_DEBOUNCE_SECONDS", 5, "Seconds within which notices for one mailbox become one sync."
    )
    run_retention_days: int = _number("RUN_RETENTION_DAYS", 7, "Days a finished run is kept.")
    run_log_lines: int = _number("RUN_LOG_LINES", 1000, "Log lines kept of each run, the newest; 0: none.")
    record_retention_days: int = _number(
        "RECORD_RETENTION_DAYS", 365, "Days that who did what, and changes of schedules, are kept."
    )
    watched_redis_url: str = _text(
        "WATCHED_REDIS_URL", "", "Redis whose expiring keys are kept in the database; empty: the broker, if it is one."
    )
    watched_keys: list[str] = _texts(
        "WATCHED_KEYS", ["checkpoint:*"], "Patterns of the keys that hold critical state, such as checkpoint:*."
    )
    pack_ordinary_jobs: bool = _flag(
        "PACK_ORDINARY_JOBS",
        True,
        "Whether jobs that say nothing of packs are packed too, as soon as they prove short.",
    )
    lease_seconds: int = _number("LEASE_SECONDS", 8, "Silence after which a worker counts as lost.")
    tenant_weights: list[str] = _texts(
        "TENANT_WEIGHTS", [], "How many runs each tenant starts in its turn, as NAME=NUMBER; 1 for all others."
    )
    log_format: str = _text("LOG_FORMAT", "console", "'console' or 'json'.")
    log_level: str = _text("LOG_LEVEL", "INFO", "Lowest level logged.")
    otlp_endpoint: str = _text(
        "OTLP_ENDPOINT", "", "Collector of traces, OTLP over HTTP: http://host:4318 (extra `tracing`); empty: none."
    )
    sentry_dsn: str = _text(
        "SENTRY_DSN", "", "Where runs that failed for good are told (extra `sentry`); empty: nowhere."
    )
    port: int = _number("PORT", 8000, "Port of the web process under `make up`.")
    flower_port: int = _number("FLOWER_PORT", 5555, "Port of Flower.")
    flower_url: str = _text(
        "FLOWER_URL", "", "Where the admin's link to Flower leads; empty: http://127.0.0.1:FLOWER_PORT."
    )
    flower_basic_auth: str = _text("FLOWER_BASIC_AUTH", "", "Flower's login, as user:password; it won't start without.")
    admin_password: str = _text("ADMIN_PASSWORD", "", "Password of the user admin that the first `make up` makes.")
    code_version: str = _text("CODE_VERSION", "", "Version noted with runs and workers; empty: the package's.")
    time_zone: str = _text("TIME_ZONE", "UTC", "Zone of the admin pages; the database keeps UTC.")

    def database(self) -> dict[str, Any]:
        """Return Django's DATABASES entry."""
        url = self.database_url or f"sqlite:///{Path(self.data_dir) / 'daybook.sqlite3'}"
        found = dict(environ.Env.db_url_config(url))
        if not str(found["ENGINE"]).endswith(("postgresql", "postgresql_psycopg2", "sqlite3")):
            scheme = url.partition(":")[0]
            raise ImproperlyConfigured(f"DATABASE_URL is of {scheme}: Daybook needs PostgreSQL or SQLite.")
        return found

    def weights(self) -> dict[str, int]:
        """Return the weights of tenants by their names.

        Raises: ValueError for what is no weight.
        """
        weights = {}
        for pair in self.tenant_weights:
            name, _, number = pair.rpartition("=")
            if not number.isdecimal() or int(number) < 1:
                raise ValueError(f"TENANT_WEIGHTS takes NAME=NUMBER, a whole number from 1, not {pair!r}")
            weights[name] = int(number)
        return weights

    def broker(self) -> str:
        """Return the broker's URL; the embedded Valkey listens on a unix socket in DATA_DIR."""
        return self.broker_url or f"redis+socket://{Path(self.data_dir).resolve() / 'broker' / 'broker.sock'}"


def documented() -> list[dict[str, object]]:
    """Return name, default and meaning of every variable, for docs/settings.md."""
    return [dict(f.metadata) for f in fields(Environment)]
