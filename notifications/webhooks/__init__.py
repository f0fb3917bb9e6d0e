"""Tells other programs that runs ended: signed, once per end, with patience."""
