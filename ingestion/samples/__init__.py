"""A month of mail of our own making: what a first start ingests, and what the rules model is measured on."""

from ingestion.samples.corpus import ADDRESS, Label, SampleMessage, corpus, further, held_out
from ingestion.samples.mailbox import write_sample_mailbox

__all__ = ["ADDRESS", "Label", "SampleMessage", "corpus", "further", "held_out", "write_sample_mailbox"]
