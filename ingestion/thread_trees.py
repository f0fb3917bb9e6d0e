"""Trees of mails by the Message-IDs they name, as RFC 5256 (THREAD=REFERENCES, steps 1 to 4) links them; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Letter:
    """What threading looks at in a mail."""

    key: int
    identity: str
    """Its Message-ID, or what stands for it; no two letters share it."""
    names: tuple[str, ...]
    """The Message-IDs it answers, oldest first: of References, or without any the first of In-Reply-To."""
    base_subject: str
    is_answer: bool
    people: frozenset[str]
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Tree:
    """Letters that are linked by Message-IDs, and the one whose subject counts: the top, or the earliest below one."""

    root: Letter
    letters: tuple[Letter, ...]
    people: frozenset[str]


def trees_of(letters: Iterable[Letter]) -> list[Tree]:
    """Return the letters' trees; the same ones in whatever order the letters are given."""
    ordered = sorted(letters, key=lambda letter: (letter.sent_at, letter.identity))
    here = {letter.identity: letter for letter in ordered}
    parents = _parents(ordered, here)
    members: dict[str, list[Letter]] = defaultdict(list)
    for letter in ordered:
        members[_top(letter.identity, parents)].append(letter)
    return [
        Tree(here.get(top, found[0]), tuple(found), frozenset().union(*(letter.people for letter in found)))
        for top, found in members.items()
    ]


def _parents(ordered: list[Letter], here: dict[str, Letter]) -> dict[str, str]:
    """Return who is above whom: a letter that is here says it itself, of others the earliest that names them."""
    parents: dict[str, str] = {}
    for letter in ordered:
        names = [name for name in letter.names if name != letter.identity]
        for above, below in pairwise(names):
            if below not in here and below not in parents:
                _link(below, above, parents)
        if names:
            _link(letter.identity, names[-1], parents)
    return parents


def _link(below: str, above: str, parents: dict[str, str]) -> None:
    """Note the parent, unless that would close a circle."""
    if _top(above, parents, stop=below) != below:
        parents[below] = above


def _top(name: str, parents: dict[str, str], *, stop: str = "") -> str:
    while name != stop and name in parents:
        name = parents[name]
    return name
