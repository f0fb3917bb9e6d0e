"""What browsers are told and how guessing passwords is slowed; docs/threat_model.md says why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

SELF, NONE = "'self'", "'none'"
# Alpine, which the admin theme is made of, compiles its attributes; nothing inline runs, nothing foreign loads.
_EVALUATED, _INLINE_STYLE = "'unsafe-eval'", "'unsafe-inline'"

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, _EVALUATED],
        "style-src": [SELF, _INLINE_STYLE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "manifest-src": [SELF],
    }
}

LOGIN_THROTTLING: dict[str, Any] = {
    "AUTHENTICATION_BACKENDS": ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"],
    "AXES_FAILURE_LIMIT": 5,
    "AXES_COOLOFF_TIME": timedelta(minutes=15),
    "AXES_LOCKOUT_PARAMETERS": [["username", "ip_address"]],
    "AXES_RESET_ON_SUCCESS": True,
    "AXES_ENABLE_ADMIN": False,
    "AXES_VERBOSE": False,
    "AXES_DISABLE_ACCESS_LOG": True,
}

SECOND_FACTOR = ("django_otp.middleware.OTPMiddleware", "project.second_factor.page.SecondFactor")
"""Middleware that asks for it; needs the session's user."""


def security_settings(*, https: bool) -> dict[str, Any]:
    """Return Django's settings; with `https` the site is served behind a TLS proxy that sets X-Forwarded-Proto."""
    settings = {"CONTENT_SECURITY_POLICY": CONTENT_SECURITY_POLICY, **LOGIN_THROTTLING}
    if not https:
        return settings
    return {
        **settings,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
        "SECURE_SSL_REDIRECT": True,
        "SECURE_REDIRECT_EXEMPT": [r"^(healthz|readyz|metrics)$"],
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_HSTS_PRELOAD": True,
    }
