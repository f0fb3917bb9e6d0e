"""Notes whom a user writes with and meets, each person once, for mail and calendars; in the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q

from ingestion.contact_rules import address_key, fuller_name, has_full_name, is_automated, is_same_person
from ingestion.models import Contact, ContactAddress
from jobs.context import batched

MOST_PEOPLE = 20
LOCALS_AT_ONCE = 100
MOST_ALIKE = 50


@dataclass(frozen=True, slots=True)
class Person:
    """Someone in a mail or at an event."""

    name: str
    address: str
    seen_at: datetime


def people_in(pairs: Iterable[tuple[str, str]], *, seen_at: datetime, own: str = "") -> list[Person]:
    """Return the people of (name, address) pairs, at most MOST_PEOPLE, without the owner and what is no address."""
    mine = address_key(own) if own else ""
    found = {address_key(address): Person(name, address, seen_at) for name, address in pairs if "@" in address}
    return [person for key, person in found.items() if key != mine][:MOST_PEOPLE]


def note_contacts(owner_id: int, people: Iterable[Person]) -> int:
    """Keep the people, and return how many were new."""
    seen: dict[str, list[Person]] = defaultdict(list)
    for person in people:
        seen[address_key(person.address)].append(person)
    known = _contacts(owner_id, seen)
    new = _add_addresses(owner_id, {key: seen[key] for key in sorted(seen.keys() - known.keys())})
    _look_again([(contact_id, seen[key]) for key, contact_id in known.items()])
    return new


def _contacts(owner_id: int, keys: Iterable[str]) -> dict[str, int]:
    rows = ContactAddress.objects.filter(owner_id=owner_id, key__in=list(keys))
    return dict(rows.values_list("key", "contact_id"))


def _add_addresses(owner_id: int, seen: dict[str, list[Person]]) -> int:
    """Add addresses to the contacts they lead to, new ones where there are none; returns how many were new.

    Two syncs of one user insert in the same order, so they can't wait for each other; the quicker one's contact stays.
    """
    if not seen:
        return 0
    alike = _alike(owner_id, seen)
    homes: dict[str, Contact] = {}
    new: list[Contact] = []
    for key, persons in seen.items():
        neighbours = alike[_local(key)]
        homes[key] = next(
            (one for address, one in neighbours if _is_theirs(one, address, persons[0])), None
        ) or Contact(owner_id=owner_id, is_automated=is_automated(persons[0].address))
        if homes[key].pk is None and homes[key] not in new:
            new.append(homes[key])
        _see(homes[key], persons)
        neighbours.append((persons[0].address, homes[key]))
    return _save(owner_id, seen, homes, new)


def _alike(owner_id: int, seen: dict[str, list[Person]]) -> dict[str, list[tuple[str, Contact]]]:
    """Return known (address, contact) pairs by their part before the @, where one could be a new person's."""
    locals_ = sorted({_local(key) for key, persons in seen.items() if has_full_name(persons[0].name)})
    found: dict[str, list[tuple[str, Contact]]] = defaultdict(list)
    for some in batched(locals_, LOCALS_AT_ONCE):
        begins = reduce(or_, (Q(key__startswith=f"{local}@") for local in some))
        rows = ContactAddress.objects.filter(begins, owner_id=owner_id).select_related("contact").order_by("pk")
        for row in rows[: MOST_ALIKE * len(some)]:
            found[_local(row.key)].append((row.address, row.contact))
    return found


def _local(key: str) -> str:
    return key.partition("@")[0]


def _is_theirs(contact: Contact, address: str, person: Person) -> bool:
    return is_same_person(name=person.name, address=person.address, other_name=contact.name, other_address=address)


def _save(owner_id: int, seen: dict[str, list[Person]], homes: dict[str, Contact], new: list[Contact]) -> int:
    Contact.objects.bulk_create(new)
    rows = [
        ContactAddress(owner_id=owner_id, contact=homes[key], address=persons[0].address.lower()[:320], key=key)
        for key, persons in seen.items()
    ]
    ContactAddress.objects.bulk_create(rows, ignore_conflicts=True)
    kept = _contacts(owner_id, seen)
    lost = {contact.pk for contact in new} - set(kept.values())
    Contact.objects.filter(pk__in=lost).delete()
    made = {contact.pk for contact in new}
    _look_again([(kept[key], persons) for key, persons in seen.items() if kept[key] not in made])
    return len(new) - len(lost)


def _look_again(seen: list[tuple[int, list[Person]]]) -> None:
    """Bring known contacts up to date, locked in one order."""
    by_id: dict[int, list[Person]] = defaultdict(list)
    for contact_id, persons in seen:
        by_id[contact_id] += persons
    contacts = Contact.objects.select_for_update().filter(pk__in=by_id).order_by("pk") if by_id else ()
    changed = [contact for contact in contacts if _see(contact, by_id[contact.pk])]
    Contact.objects.bulk_update(changed, ["name", "first_seen_at", "last_seen_at"], batch_size=200)


def _see(contact: Contact, persons: list[Person]) -> bool:
    """Let the contact be known as fully and as long as these sights of it tell; whether that changes anything."""
    before = contact.name, contact.first_seen_at, contact.last_seen_at
    for person in persons:
        contact.name = fuller_name(contact.name, person.name)[:320]
    times = [person.seen_at for person in persons]
    contact.first_seen_at = min(filter(None, [contact.first_seen_at, *times]))
    contact.last_seen_at = max(filter(None, [contact.last_seen_at, *times]))
    return before != (contact.name, contact.first_seen_at, contact.last_seen_at)
