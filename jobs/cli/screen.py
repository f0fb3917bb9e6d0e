"""A terminal's whole screen drawn again and again, until the person presses q or Ctrl-C."""

from __future__ import annotations

import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console, RenderableType
from rich.live import Live

_END = frozenset("qQ\x03\x04")
_LOCAL_MODES = 3  # its place in the list of termios.tcgetattr()


def redraw(draw: Callable[[], RenderableType], *, seconds: float) -> None:
    """Show `draw()` on the whole screen, anew every so many seconds or at any key; returns when the person ends it."""
    try:
        with keys_at_once(sys.stdin) as keys, Live(draw(), console=Console(), screen=True, auto_refresh=False) as live:
            while not (key := _pressed(keys, seconds)) or key not in _END:
                live.update(draw(), refresh=True)
    except KeyboardInterrupt:
        return


@contextmanager
def keys_at_once(stream: TextIO) -> Iterator[TextIO]:
    """Give each key as it is pressed and unseen, Ctrl-C too; the terminal is as before at the end.

    As a signal, Ctrl-C may come in the midst of a query, and get lost there.
    """
    if not stream.isatty():
        yield stream
        return
    before = termios.tcgetattr(stream)
    tty.setcbreak(stream)
    wanted = termios.tcgetattr(stream)
    wanted[_LOCAL_MODES] &= ~termios.ISIG
    termios.tcsetattr(stream, termios.TCSADRAIN, wanted)
    try:
        yield stream
    finally:
        termios.tcsetattr(stream, termios.TCSADRAIN, before)


def _pressed(stream: TextIO, seconds: float) -> str:
    """Return the key pressed within that time, empty for none; who types elsewhere presses none."""
    watched = [stream] if stream.isatty() else []
    ready, _, _ = select.select(watched, [], [], seconds)
    return stream.read(1) if ready else ""
