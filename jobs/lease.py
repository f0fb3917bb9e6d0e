"""How long a node may take itself for alive, by its own clock: kept by its main process, read by its children."""

from __future__ import annotations

import mmap
import struct


class Lease:
    """The time of the latest heartbeat that was written, in memory that survives a fork; held until it is too old.

    A process that was frozen for a lease sees so before it starts anything: others may have been given its runs.
    """

    _FORMAT = "d"

    def __init__(self) -> None:
        """Keep nothing: without a first heartbeat there is no lease to lose."""
        self._shared = mmap.mmap(-1, struct.calcsize(self._FORMAT))

    def renew(self, *, at: float) -> None:
        """Note a heartbeat that was begun at monotonic time `at` and has been written."""
        struct.pack_into(self._FORMAT, self._shared, 0, at)

    def forget(self) -> None:
        """Keep no heartbeat: another node begins here, or none is left."""
        self.renew(at=0.0)

    def is_held(self, *, at: float, seconds: float) -> bool:
        """Whether the latest heartbeat is younger than `seconds`, or none is kept here."""
        (latest,) = struct.unpack_from(self._FORMAT, self._shared, 0)
        return bool(latest == 0.0 or at - latest < seconds)
