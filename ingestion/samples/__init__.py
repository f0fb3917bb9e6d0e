"""A month of mail and a calendar of our own making: what a first start ingests, and what the rules are measured on."""

from ingestion.samples.calendar import write_sample_calendar
from ingestion.samples.corpus import ADDRESS, Label, SampleMessage, corpus, further, held_out
from ingestion.samples.mailbox import write_sample_mailbox

__all__ = [
    "ADDRESS",
    "Label",
    "SampleMessage",
    "corpus",
    "further",
    "held_out",
    "write_sample_calendar",
    "write_sample_mailbox",
]
