"""Writes what people are told from facts alone, in their language, tone and detail; one module per kind of notice."""

from notifications.composing.digest import digest_of
from notifications.composing.mail import important_mail
from notifications.composing.wording import Notice

__all__ = ["Notice", "digest_of", "important_mail"]
