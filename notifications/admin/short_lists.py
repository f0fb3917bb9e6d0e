"""Lists of words and numbers, kept as JSON, in a field of one line."""

from __future__ import annotations

from typing import Any

from django.db.models import JSONField
from unfold.widgets import UnfoldAdminTextInputWidget

ON_ONE_LINE: dict[type[Any], dict[str, Any]] = {JSONField: {"widget": UnfoldAdminTextInputWidget}}
"""For an admin's `formfield_overrides`."""
