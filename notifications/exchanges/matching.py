"""Decides who gives to whom: never to oneself, never where excluded, and evenly among all ways that are left; pure.

Permutations are drawn evenly and thrown away at the first forbidden pair (rejection sampling), so every allowed one is
as likely as any other. Where that takes too long and the group is small, allowed ones are counted and one is drawn.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from functools import cache

MOST_DRAWS = 100_000
MOST_COUNTED = 16

Names = Mapping[int, str]


class ImpossibleError(ValueError):
    """There is no way to match these people; the message says why."""


def match(
    people: Sequence[int], excluded: Collection[tuple[int, int]], *, dice: random.Random, names: Names | None = None
) -> dict[int, int]:
    """Return whom each gives to, drawn evenly from all allowed ways; `excluded` are pairs (giver, receiver).

    Raises: ImpossibleError.
    """
    allowed = _allowed(people, excluded)
    if reason := why_impossible(people, excluded, names=names):
        raise ImpossibleError(reason)
    drawn = _draw(people, allowed, dice)
    if drawn is None and len(people) <= MOST_COUNTED:
        drawn = _draw_counted(people, allowed, dice)
    if drawn is None:
        raise ImpossibleError("there are so many exclusions that no fair draw was found: remove some")
    return drawn


def why_impossible(people: Sequence[int], excluded: Collection[tuple[int, int]], *, names: Names | None = None) -> str:
    """Return why there is no allowed way; empty when there is one."""
    if len(people) < 2:
        return "it takes at least two people"
    allowed = _allowed(people, excluded)
    giver_of: dict[int, int] = {}
    for person in people:
        tried: set[int] = set()
        if not _find_receiver(person, allowed, giver_of, tried):
            givers = {person} | {giver_of[receiver] for receiver in tried}
            return _shortage(givers, tried, names or {})
    return ""


def _allowed(people: Sequence[int], excluded: Collection[tuple[int, int]]) -> dict[int, list[int]]:
    forbidden = set(excluded)
    return {giver: [each for each in people if each != giver and (giver, each) not in forbidden] for giver in people}


def _find_receiver(giver: int, allowed: dict[int, list[int]], giver_of: dict[int, int], tried: set[int]) -> bool:
    """Give `giver` a receiver, moving earlier givers to others where need be (augmenting paths, Kuhn 1955)."""
    for receiver in allowed[giver]:
        if receiver in tried:
            continue
        tried.add(receiver)
        if receiver not in giver_of or _find_receiver(giver_of[receiver], allowed, giver_of, tried):
            giver_of[receiver] = giver
            return True
    return False


def _shortage(givers: Collection[int], receivers: Collection[int], names: Names) -> str:
    """Say which group of givers has too few receivers (Hall 1935)."""

    def told(people: Collection[int]) -> str:
        return ", ".join(sorted(names.get(person, str(person)) for person in people))

    if not receivers:
        return f"{told(givers)} may give to nobody"
    if len(givers) == 1:
        return f"{told(givers)} may give only to {told(receivers)}"
    return f"{told(givers)} may all give only to {told(receivers)}: {len(givers)} people, {len(receivers)} to give to"


def _draw(people: Sequence[int], allowed: dict[int, list[int]], dice: random.Random) -> dict[int, int] | None:
    sets = {giver: set(receivers) for giver, receivers in allowed.items()}
    for _ in range(MOST_DRAWS):
        left, drawn = list(people), {}
        for giver in people:
            place = dice.randrange(len(left))
            left[place], left[-1] = left[-1], left[place]
            receiver = left.pop()
            if receiver not in sets[giver]:
                break
            drawn[giver] = receiver
        else:
            return drawn
    return None


def _draw_counted(people: Sequence[int], allowed: dict[int, list[int]], dice: random.Random) -> dict[int, int]:
    bit = {person: 1 << place for place, person in enumerate(people)}

    @cache
    def ways(position: int, taken: int) -> int:
        """Count the ways in which those from `position` on can give to who is not taken."""
        if position == len(people):
            return 1
        free = (bit[each] for each in allowed[people[position]] if not taken & bit[each])
        return sum(ways(position + 1, taken | each) for each in free)

    drawn, taken = {}, 0
    for position, giver in enumerate(people):
        free = [each for each in allowed[giver] if not taken & bit[each]]
        weights = [ways(position + 1, taken | bit[each]) for each in free]
        drawn[giver] = dice.choices(free, weights)[0]
        taken |= bit[drawn[giver]]
    return drawn
