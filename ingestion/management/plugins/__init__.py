"""Verbs that ingestion adds to other apps' commands; each module is named after its command."""
