"""A node's lease: held while its heartbeats are young, seen by what it has forked."""

from __future__ import annotations

import os

import pytest

from jobs.lease import Lease


def test_without_a_heartbeat_there_is_no_lease_to_lose() -> None:
    assert Lease().is_held(at=1e9, seconds=8.0)


@pytest.mark.req("PL-6")
def test_a_lease_is_held_until_its_latest_heartbeat_is_too_old() -> None:
    lease = Lease()
    lease.renew(at=100.0)
    assert [lease.is_held(at=at, seconds=8.0) for at in (100.0, 107.9, 108.0, 200.0)] == [True, True, False, False]
    lease.renew(at=200.0)
    assert lease.is_held(at=201.0, seconds=8.0)
    lease.forget()
    assert lease.is_held(at=1e9, seconds=8.0)


@pytest.mark.req("PL-6")
def test_a_child_sees_what_its_parent_renews_after_the_fork() -> None:
    lease = Lease()
    lease.renew(at=100.0)
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(told, 1)
        os._exit(0 if lease.is_held(at=201.0, seconds=8.0) else 1)
    lease.renew(at=200.0)
    os.write(tell, b"!")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
