"""Reads an IMAP password where no list of processes shows it: the environment, standard input or a prompt."""

from __future__ import annotations

import os
import sys
from getpass import getpass

from ingestion.providers.imap_url import parse_imap_url

VARIABLE = "IMAP_PASSWORD"
WARNING = f"The password in --imap-url shows in the list of processes: use {VARIABLE} or --password-stdin."


def read_password(*, from_stdin: bool) -> str:
    """Return the first line of standard input, typed unseen at a terminal, else the variable; "" if there is none."""
    if not from_stdin:
        return os.environ.get(VARIABLE, "")
    return getpass("IMAP password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def has_password(imap_url: str) -> bool:
    """Whether the URL holds a password; an unusable one holds none worth a word."""
    try:
        return bool(parse_imap_url(imap_url)[1])
    except ValueError:
        return False
