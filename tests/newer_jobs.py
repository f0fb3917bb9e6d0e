"""The jobs of the release after this one: one more, and one that is there already takes another argument."""

from __future__ import annotations

from jobs import Retry, job
from tests.notes import noted_body


@job
def brought_by_a_deploy(label: str = "") -> str:
    with noted_body(label=label):
        return label


@job(retry=Retry(attempts=3, wait=0.0))
def grows(x: float, *, added_by_the_deploy: float = 0) -> float:
    with noted_body():
        return x + added_by_the_deploy
