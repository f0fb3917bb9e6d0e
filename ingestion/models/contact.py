"""A person or place the user writes with or meets; however many addresses, one row (ingestion/contacts.py)."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Contact(models.Model):
    """One correspondent of one user."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=320, blank=True, default="", help_text="The fullest name seen.")
    is_automated = models.BooleanField(default=False, help_text="A machine's address, such as noreply.")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["owner", "-last_seen_at"], name="contact_latest")]

    def __str__(self) -> str:
        return self.name or f"contact {self.pk}"


class ContactAddress(models.Model):
    """An address that leads to a contact; its key is the same for all spellings of one mailbox."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="addresses")
    address = models.CharField(max_length=320, help_text="As it was first seen, lower case.")
    key = models.CharField(max_length=320, help_text="Without what the provider ignores, such as +tags.")

    class Meta:
        verbose_name_plural = "contact addresses"
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="contact_address_once")]

    def __str__(self) -> str:
        return self.address
