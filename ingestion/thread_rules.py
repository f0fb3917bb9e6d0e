"""Which trees of mails are one conversation where Message-IDs don't say so; pure, and the same in any order of arrival.

RFC 5256 joins whatever shares a base subject. Here people must be shared as well, and the time between them is bounded:
a monthly invoice stays apart from the last one, and so do two strangers who write "Hello".
"""

from __future__ import annotations

from datetime import timedelta

from ingestion.subjects import is_reply_or_forward, list_tags
from ingestion.thread_trees import Letter, Tree, trees_of

WINDOW = timedelta(days=90)
# Less than a week, so that weekly letters of one subject stay apart.
SOON = timedelta(days=6)


def people_in_common(addresses: list[str], *, own: str, list_id: str, subject: str) -> frozenset[str]:
    """Return whom a mail may share with others: its people without the owner, who is in all of them, and its lists.

    A list is known by its List-Id and by the tags in its subjects, since what moves from list to list keeps them.
    """
    people = frozenset(address for address in addresses if address)
    lists = {list_id.rpartition("<")[2].rstrip("> ").lower(), *list_tags(subject)} if list_id else set()
    return (people - {own} or people) | lists


def is_answer(subject: str, *, names: tuple[str, ...]) -> bool:
    """Tell whether a mail says that it answers or forwards another."""
    return bool(names) or is_reply_or_forward(subject)


def belong_together(one: Tree, other: Tree) -> bool:
    """Tell whether two trees are one conversation, by subject and time of their roots and by people; symmetrical."""
    first, second = one.root, other.root
    if not first.base_subject or first.base_subject != second.base_subject or not one.people & other.people:
        return False
    apart = abs(first.sent_at - second.sent_at)
    later = first if first.sent_at > second.sent_at else second
    return apart < SOON or (apart <= WINDOW and later.is_answer)


def conversations(letters: list[Letter]) -> list[list[Letter]]:
    """Return the letters grouped by conversation."""
    groups: dict[str, list[Tree]] = {}
    found: list[list[Letter]] = []
    for tree in trees_of(letters):
        if tree.root.base_subject:
            groups.setdefault(tree.root.base_subject, []).append(tree)
        else:
            found.append(list(tree.letters))
    for trees in groups.values():
        found += [[letter for tree in joined for letter in tree.letters] for joined in _joined(trees)]
    return found


def _joined(trees: list[Tree]) -> list[list[Tree]]:
    groups: list[list[Tree]] = []
    for tree in trees:
        joined, others = [tree], []
        for group in groups:
            if any(belong_together(tree, other) for other in group):
                joined += group
            else:
                others.append(group)
        groups = [*others, joined]
    return groups
