"""The secrets of a first start, in DATA_DIR/secrets.env, readable by its owner only; the environment reads them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def ensure(path: Path) -> bool:
    """Write fresh secrets to `path` unless it exists, and return whether it did."""
    if path.exists():
        return False
    lines = [f"{name}={value}\n" for name, value in _fresh().items()]
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    return True


def _fresh() -> dict[str, str]:
    from cryptography.fernet import Fernet

    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "FLOWER_BASIC_AUTH": f"flower:{secrets.token_urlsafe(12)}",
        "ADMIN_PASSWORD": secrets.token_urlsafe(12),
    }
