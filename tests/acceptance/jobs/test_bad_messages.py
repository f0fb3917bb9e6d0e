"""What no worker can turn into a run: kept with its bytes and the reason, while the worker goes on."""

from __future__ import annotations

import json
import pickle
import uuid
from typing import Any

import pytest
import redis
from kombu import Connection

from jobs import signing
from jobs.conf import conf
from jobs.models import BadMessage, Run
from jobs.transport import HEADER
from tests.acceptance.jobs.conftest import Engine, is_alive
from tests.plugins.polling import poll
from tests.tasks_for_tests import add, noted

pytestmark = [pytest.mark.broker, pytest.mark.req("SW-22")]
JSON = "application/json"
Reason = BadMessage.Reason


def body(*args: object) -> bytes:
    """Return the body of a task message that no other test sends."""
    return json.dumps([args, {"tag": uuid.uuid4().hex}, {}]).encode()


def headers(task: object = "noted", **more: object) -> dict[str, Any]:
    return {"task": task, "id": str(uuid.uuid4()), **more}


BAD: dict[str, tuple[Reason, bytes, str, dict[str, Any]]] = {
    "not JSON": (Reason.NOT_JSON, b'{"nope' + uuid.uuid4().bytes, JSON, headers()),
    "no headers": (Reason.WRONG_SHAPE, body(), JSON, {}),
    "a task that is a number": (Reason.WRONG_SHAPE, body(), JSON, {"task": 5, "id": 7}),
    "no id": (Reason.WRONG_SHAPE, body(), JSON, {"task": "noted"}),
    "a body that is no list": (Reason.WRONG_SHAPE, json.dumps(uuid.uuid4().hex).encode(), JSON, headers()),
    "a time that is none": (Reason.WRONG_SHAPE, json.dumps([[uuid.uuid4().hex], {}, {}]).encode(), JSON,
                            headers(eta="tomorrow, perhaps")),
    "an unknown job": (Reason.UNKNOWN_JOB, body(), JSON, headers("no.such.job")),
    "arguments that don't fit": (Reason.ARGUMENTS, body(1, 2, 3), JSON, headers()),
    "a pickle": (Reason.CONTENT_TYPE, pickle.dumps(uuid.uuid4().hex), "application/x-python-serialize", headers()),
    "too much": (Reason.OVERSIZE, uuid.uuid4().hex.encode() * 130_000, JSON, headers()),
}  # fmt: skip


def send(engine: Engine, queue: str, content: bytes, content_type: str, given: dict[str, Any]) -> None:
    """Send bytes as they are."""
    with Connection(engine.broker_url) as connection:
        connection.Producer().publish(
            content, routing_key=queue, exchange="", content_type=content_type, content_encoding="utf-8", headers=given
        )


def kept(content: bytes) -> BadMessage:
    found = poll(lambda: BadMessage.objects.filter(body=content[: conf().max_message_bytes]).first(), within=20)
    assert found
    return found


def test_each_kind_of_bad_message_is_kept_with_its_bytes_and_its_reason(engine: Engine, own_queue: str) -> None:
    worker = engine.start_worker(queues=own_queue)
    runs = Run.objects.count()
    for _, content, content_type, given in BAD.values():
        send(engine, own_queue, content, content_type, given)
    told = {name: kept(content) for name, (_, content, _, _) in BAD.items()}
    assert {name: bad.reason for name, bad in told.items()} == {name: case[0] for name, case in BAD.items()}
    assert {bad.queue for bad in told.values()} == {own_queue}
    assert {name: bad.size for name, bad in told.items()} == {name: len(case[1]) for name, case in BAD.items()}
    assert all(bad.detail for bad in told.values())
    assert add.apply_async((1, 1), queue=own_queue).get(timeout=20) == 2
    assert Run.objects.count() == runs + 1
    assert is_alive(worker.pid)


def test_bytes_that_are_no_message_at_all_are_kept(engine: Engine, own_queue: str) -> None:
    if not engine.broker_url.startswith("redis"):
        pytest.skip("AMQP frames its messages")
    worker = engine.start_worker(queues=own_queue)
    content = b"\xff\x00 not even JSON " + uuid.uuid4().bytes
    with redis.Redis(unix_socket_path=engine.broker_url.removeprefix("redis+socket://")) as client:
        client.lpush(own_queue, content)
    assert (kept(content).reason, kept(content).queue) == (Reason.NOT_JSON, own_queue)
    assert add.apply_async((1, 1), queue=own_queue).get(timeout=20) == 2
    assert is_alive(worker.pid)


def test_a_forged_copy_of_a_runs_message_can_not_add_what_follows_the_run(engine: Engine, own_queue: str) -> None:
    task_id, real, forged = str(uuid.uuid4()), uuid.uuid4().hex, uuid.uuid4().hex
    links = [dict(noted.si(forged))]
    content = json.dumps([["altered"], {}, {"callbacks": links, "errbacks": links, "chain": links, "chord": None}])
    send(engine, own_queue, content.encode(), JSON, {"task": "noted", "id": task_id, HEADER: {"run": task_id}})
    result = noted.apply_async((real,), task_id=task_id, queue=own_queue)
    engine.start_worker(queues=own_queue, MESSAGE_SIGNING_KEYS="a-key")
    assert result.get(timeout=20) == real
    assert noted.apply_async(("after",), queue=own_queue).get(timeout=20) == "after"
    assert [line["label"] for line in engine.notes(result, event="begin")] == [real]
    assert not Run.objects.filter(args__contains=forged).exists()


def test_only_messages_signed_with_one_of_the_keys_are_run(engine: Engine, own_queue: str) -> None:
    engine.start_worker(queues=own_queue, MESSAGE_SIGNING_KEYS="the-newer-key,the-older-key")

    def signed(key: str, *, altered: bool = False) -> tuple[bytes, dict[str, Any]]:
        content, given = json.dumps([[uuid.uuid4().hex], {}, {}]).encode(), headers()
        signature = signing.sign(given["id"], "noted", content, keys=[key])
        return (
            (content.replace(b"[[", b"[ ["), {**given, signing.HEADER: signature})
            if altered
            else (content, {**given, signing.HEADER: signature})
        )

    good = [signed("the-newer-key"), signed("the-older-key")]
    bad = [signed("a-guessed-key"), signed("the-newer-key", altered=True), (good[0][0] + b" ", headers())]
    for content, given in [*bad, *good]:
        send(engine, own_queue, content, JSON, given)
    assert [kept(content).reason for content, _ in bad] == [Reason.SIGNATURE] * 3
    for _, given in good:
        assert engine.ended(add.AsyncResult(given["id"])).state == "SUCCESS"
    assert not Run.objects.filter(pk__in=[given["id"] for _, given in bad]).exists()
    assert add.apply_async((1, 1), queue=own_queue).get(timeout=20) == 2
