"""docs/job_lifecycle.md says what the transition table in jobs/states.py says, and names code that is there."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest

from jobs.states import TRANSITIONS, State
from tests.pages import ROOT, tables

PAGE = "docs/job_lifecycle.md"
ALLOWED = {(source.value, target.value) for source, targets in TRANSITIONS.items() for target in targets}
ROWS = tables(PAGE, heading="from")
BIRTHS = tables(PAGE, heading="to")


def _arrows() -> list[tuple[str, str]]:
    diagram = re.search(r"```mermaid\n(.*?)```", (ROOT / PAGE).read_text(), re.DOTALL)
    assert diagram
    return re.findall(r"^ +(\S+) --> (\S+)$", diagram[1], re.MULTILINE)


def test_the_tables_rows_are_the_transitions_each_once() -> None:
    assert sorted((row["from"], row["to"]) for row in ROWS) == sorted(ALLOWED)


def test_the_diagrams_arrows_are_the_transitions_each_once() -> None:
    between_states = [arrow for arrow in _arrows() if "[*]" not in arrow]
    assert sorted(between_states) == sorted(ALLOWED)


def test_the_diagram_begins_where_runs_come_into_being_and_ends_where_nothing_follows() -> None:
    begins = [target for source, target in _arrows() if source == "[*]"]
    ends = [source for source, target in _arrows() if target == "[*]"]
    assert sorted(begins) == sorted(row["to"] for row in BIRTHS)
    assert sorted(ends) == sorted(state for state in State if not TRANSITIONS[state])


def test_every_state_is_explained_and_said_to_be_final_or_not() -> None:
    said = {row["state"]: row["final"] for row in tables(PAGE, heading="state")}
    assert said == {state.value: "yes" if state.is_final else "no" for state in State}


@pytest.mark.parametrize("row", [*ROWS, *BIRTHS], ids=lambda row: f"{row.get('from', 'new')}-{row['to']}")
def test_every_verb_that_the_page_names_is_in_its_file(row: dict[str, str]) -> None:
    parts = row["by"].split(";")
    for part in parts:
        path, *verbs = re.findall(r"`([^`]+)`", part)
        module: Any = import_module(path.removesuffix(".py").replace("/", "."))
        assert verbs
        assert [verb for verb in verbs if not callable(getattr(module, verb, None))] == []
