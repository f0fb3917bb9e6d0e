"""The Celery app class."""

from __future__ import annotations

import pickle

from jobs.app import Daybook
from project.celery import app


def test_a_spawned_child_gets_an_app_of_the_same_kind() -> None:
    made = pickle.loads(pickle.dumps(app))
    assert isinstance(made, Daybook)
    assert (made.main, made.task_cls, made.control_cls) == (app.main, app.task_cls, app.control_cls)
