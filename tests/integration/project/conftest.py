"""The admin's pages are there from the start, as in a process that serves them."""

from __future__ import annotations

import project.urls  # noqa: F401 - registers them
