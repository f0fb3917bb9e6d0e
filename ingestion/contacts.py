"""Notes whom a user writes with and meets, each person once, for mail and calendars; in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ingestion.contact_rules import address_key, fuller_name, is_automated, is_same_person
from ingestion.models import Contact, ContactAddress

MOST_PEOPLE = 20


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
    seen: dict[str, list[Person]] = {}
    for person in people:
        seen.setdefault(address_key(person.address), []).append(person)
    if not seen:
        return 0
    known = _contacts(owner_id, seen)
    new = 0
    # In one order everywhere, so that two syncs of one user can't wait for each other.
    for key in sorted(seen):
        contact = known.get(key)
        if contact is None:
            contact, is_new = _new_address(owner_id, key, seen[key][0])
            new += is_new
        _look_again(contact, seen[key])
    return new


def _contacts(owner_id: int, keys: Iterable[str]) -> dict[str, Contact]:
    rows = ContactAddress.objects.filter(owner_id=owner_id, key__in=list(keys)).select_related("contact")
    return {row.key: row.contact for row in rows}


def _new_address(owner_id: int, key: str, person: Person) -> tuple[Contact, bool]:
    same = _same_person(owner_id, person)
    contact = same or Contact.objects.create(
        owner_id=owner_id,
        is_automated=is_automated(person.address),
        first_seen_at=person.seen_at,
        last_seen_at=person.seen_at,
    )
    row = ContactAddress(owner_id=owner_id, contact=contact, address=person.address.lower()[:320], key=key)
    ContactAddress.objects.bulk_create([row], ignore_conflicts=True)
    kept = _contacts(owner_id, [key])[key]
    if kept.pk != contact.pk and same is None:
        # Another sync of this user was quicker.
        contact.delete()
    return kept, same is None and kept.pk == contact.pk


def _same_person(owner_id: int, person: Person) -> Contact | None:
    local = address_key(person.address).partition("@")[0]
    alike = ContactAddress.objects.filter(owner_id=owner_id, key__startswith=f"{local}@").select_related("contact")
    for row in alike.order_by("pk")[:50]:
        if is_same_person(
            name=person.name, address=person.address, other_name=row.contact.name, other_address=row.address
        ):
            return row.contact
    return None


def _look_again(contact: Contact, seen: list[Person]) -> None:
    name = contact.name
    for person in seen:
        name = fuller_name(name, person.name)[:320]
    first = min(contact.first_seen_at, *(person.seen_at for person in seen))
    last = max(contact.last_seen_at, *(person.seen_at for person in seen))
    if (name, first, last) != (contact.name, contact.first_seen_at, contact.last_seen_at):
        contact.name, contact.first_seen_at, contact.last_seen_at = name, first, last
        contact.save(update_fields=["name", "first_seen_at", "last_seen_at"])
