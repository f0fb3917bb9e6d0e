"""How a user wants to be told: language, tone, detail and channels; who has no row gets the defaults."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import models

from jobs.encryption import EncryptedJSONField


def default_channels() -> list[str]:
    """Return the channels used when nothing was chosen, beside the inbox."""
    return ["email"]


def check_time_zone(name: str) -> None:
    """Refuse names that are no IANA time zone."""
    if name not in available_timezones():
        raise ValidationError(f"{name} is no time zone; an example is Europe/Berlin")


class Preference(models.Model):
    """How one user wants to be told."""

    class Language(models.TextChoices):
        """Languages that texts are written in."""

        ENGLISH = "en", "English"
        GERMAN = "de", "Deutsch"
        FRENCH = "fr", "français"

    class Tone(models.TextChoices):
        """How the user is spoken to."""

        PLAIN = "plain", "plain"
        WARM = "warm", "warm"
        FORMAL = "formal", "formal"

    class Detail(models.TextChoices):
        """How much is said."""

        SHORT = "short", "short"
        FULL = "full", "full"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preference")
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.ENGLISH)
    tone = models.CharField(max_length=6, choices=Tone.choices, default=Tone.PLAIN)
    detail = models.CharField(max_length=5, choices=Detail.choices, default=Detail.FULL)
    channels = models.JSONField(
        default=default_channels, blank=True, help_text='Beside the inbox: ["email", "apprise"]; empty: the inbox only.'
    )
    address = models.EmailField(
        max_length=320,
        blank=True,
        default="",
        help_text="For e-mail; empty: the address of the user, else of the mail account.",
    )
    time_zone = models.CharField(
        max_length=64, default="UTC", validators=[check_time_zone], help_text="IANA name, for times in texts."
    )

    apprise_urls = EncryptedJSONField(
        null=True,
        blank=True,
        help_text='For the channel apprise, such as ["slack://...", "threema://..."]; kept encrypted.',
    )
    quiet_from = models.TimeField(null=True, blank=True, help_text="From here on nothing leaves the inbox...")
    quiet_until = models.TimeField(null=True, blank=True, help_text="...until here, in the user's time zone.")
    daily_cap = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Messages a day and channel; the last is a digest of the rest. Empty: no cap."
    )
    wants_briefing = models.BooleanField(default=True, db_default=True, help_text="Every morning, 07:00 to 08:59.")
    wants_run_notices = models.BooleanField(
        default=False, db_default=False, help_text="Told when runs end that they started by hand."
    )
    digest_from = models.PositiveSmallIntegerField(
        null=True, blank=True, default=10, db_default=10, help_text="So many at once become one digest. Empty: never."
    )

    def __str__(self) -> str:
        return f"{self.language}, {self.tone}, {self.detail}"

    @property
    def zone(self) -> ZoneInfo:
        """The user's time zone."""
        return ZoneInfo(self.time_zone)

    @classmethod
    def of(cls, user: AbstractBaseUser) -> Preference:
        """Return the user's preferences, or the defaults, unsaved."""
        return cls.objects.filter(user_id=user.pk).first() or cls(user_id=user.pk)
