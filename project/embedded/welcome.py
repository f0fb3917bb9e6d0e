"""What a first start needs: the administrator."""

from __future__ import annotations

from django.contrib.auth import get_user_model


def ensure_admin(password: str) -> bool:
    """Make the user admin with this password unless there is one, and return whether it was made."""
    users = get_user_model().objects
    if users.filter(username="admin").exists():
        return False
    users.create_superuser("admin", "admin@localhost", password)
    return True
