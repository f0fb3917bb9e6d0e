"""Repeating the processes' logs."""

from pathlib import Path

from project.embedded.follow import LogFollower


def _follow(*paths: Path) -> tuple[LogFollower, list[str]]:
    lines: list[str] = []
    return LogFollower(list(paths), write=lines.append), lines


def _finish(follower: LogFollower) -> None:
    follower.start()
    follower.stop()


def test_lines_come_after_their_processs_name(tmp_path: Path) -> None:
    web, worker = tmp_path / "web.log", tmp_path / "worker.log"
    follower, lines = _follow(web, worker)
    web.write_text("one\ntwo\n")
    worker.write_bytes(b"\xff\n")
    _finish(follower)
    assert lines == ["web    | one", "web    | two", "worker | \N{REPLACEMENT CHARACTER}"]


def test_what_an_earlier_start_wrote_is_not_repeated(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("old\n")
    follower, lines = _follow(log)
    with log.open("a") as stream:
        stream.write("new\nunfinished")
    _finish(follower)
    assert lines == ["web | new"]


def test_no_line_is_lost_when_a_log_is_rotated(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("")
    follower, lines = _follow(log)
    log.write_text("last of the old\n")
    log.rename(tmp_path / "web.log.1")
    log.write_text("first of the new\n")
    _finish(follower)
    assert lines == ["web | last of the old", "web | first of the new"]
