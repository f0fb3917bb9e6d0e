"""Money found in mail: one extraction per mail, the transactions it names, and the user's categories for them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ingestion.models.llm_call import LLMCall
from ingestion.models.mail import Mail


class FinanceExtraction(models.Model):
    """What was read out of one mail; that it exists says that the mail needn't be read again."""

    class Status(models.TextChoices):
        """How it ended."""

        NOTHING = "nothing", "names no transaction"
        EXTRACTED = "extracted", "transactions stored"
        FAILED = "failed", "the model could not read it"

    mail = models.OneToOneField(Mail, on_delete=models.CASCADE, related_name="finance")
    status = models.CharField(max_length=9, choices=Status.choices)
    call = models.ForeignKey(
        LLMCall, null=True, blank=True, on_delete=models.SET_NULL, related_name="extractions", help_text="What it took."
    )
    found = models.JSONField(default=list, blank=True, help_text="The model's checked answer, as it was.")
    attempts = models.PositiveSmallIntegerField(default=1, help_text="How often the model was asked.")
    error = models.CharField(max_length=500, blank=True, default="", help_text="Why it failed.")
    model = models.CharField(max_length=100, blank=True, default="", help_text="Name and version; empty: not asked.")
    run_id = models.UUIDField(null=True, blank=True, help_text="Run that made it.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["status"], name="extraction_failed", condition=models.Q(status="failed"))]

    def __str__(self) -> str:
        return f"{self.status} in mail {self.mail_id}"


class TransactionCategory(models.Model):
    """A user's name for what money goes to."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="transaction_categories", db_index=False
    )
    name = models.CharField(max_length=50, help_text="Lower case.")

    class Meta:
        verbose_name_plural = "transaction categories"
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="category_once_per_owner")]

    def __str__(self) -> str:
        return self.name


class Transaction(models.Model):
    """One amount, paid or to be paid."""

    class Status(models.TextChoices):
        """Whether the money has moved."""

        DUE = "due", "to be paid"
        PAID = "paid", "paid"
        RECEIVED = "received", "received"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="transactions", db_index=False
    )
    extraction = models.ForeignKey(
        FinanceExtraction, on_delete=models.CASCADE, related_name="transactions", db_index=False
    )
    position = models.PositiveSmallIntegerField(help_text="Within its mail, from 0.")
    category = models.ForeignKey(TransactionCategory, on_delete=models.PROTECT, related_name="transactions")
    status = models.CharField(max_length=8, choices=Status.choices)
    amount = models.DecimalField(max_digits=14, decimal_places=2, help_text="More than 0; status says which way.")
    currency = models.CharField(max_length=3, help_text="ISO 4217.")
    counterparty = models.CharField(max_length=320, blank=True, default="")
    reference = models.CharField(max_length=100, blank=True, default="", help_text="Such as an invoice number.")
    happened_on = models.DateField(help_text="Day of the mail, unless it names another.")
    due_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["extraction", "position"], name="transaction_once")]
        indexes = [models.Index(fields=["owner", "-happened_on"], name="transaction_latest")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.counterparty}"
