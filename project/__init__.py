"""Wires the applications together; nothing imports it but the processes that start here."""
