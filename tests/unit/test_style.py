"""What can be counted of the style rules; ruff and import-linter hold the rest."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("project", "jobs", "ingestion", "notifications")
SOURCES = sorted(
    path.relative_to(ROOT).as_posix()
    for package in (*PACKAGES, "tests")
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts
)
CODE = [source for source in SOURCES if not source.startswith("tests/")]
TESTS = [source for source in SOURCES if source.startswith("tests/")]

Node = TypeVar("Node", bound=ast.AST)

MOST_LINES = 300
MOST_DOCSTRING_LINES = 4
MOST_COMMENTS = 0.05
EMPTY_WORDS = re.compile(r"(?i)(^|_|(?<=[a-z]))(utils?|helpers?|managers?|services?|handlers?)$")
IMPOSED = {"create_task_handler"}  # Celery's names, of what is overridden
# Too slow to load at start-up, or an extra, so that the function which needs one imports it.
HEAVY = {
    "cryptography",
    "pypdf",
    "docx",
    "dateparser",
    "imap_tools",
    "mailparser_reply",
    "inscriptis",
    "pydantic",
    "apprise",
    "pydantic_ai",
    "openai",
    "google",
    "httpx2",
    "icalendar",
    "recurring_ical_events",
    "jwt",
    "lxml",
    "opentelemetry",
    "sentry_sdk",
}
SIGNALS = {"pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed", "pre_init", "post_init"}


@cache
def tree_of(source: str) -> ast.Module:
    return ast.parse((ROOT / source).read_text(), filename=source)


def imports(node: ast.AST) -> Iterator[tuple[int, str]]:
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            yield from ((child.lineno, alias.name) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from ((child.lineno, f"{child.module}.{alias.name}") for alias in child.names)


def nodes(sources: list[str], kind: type[Node]) -> Iterator[tuple[str, Node]]:
    return ((source, node) for source in sources for node in ast.walk(tree_of(source)) if isinstance(node, kind))


def comment_share(package: str) -> float:
    texts = [(ROOT / source).read_text() for source in CODE if source.startswith(f"{package}/")]
    tokens = (token for text in texts for token in tokenize.generate_tokens(io.StringIO(text).readline))
    return sum(token.type == tokenize.COMMENT for token in tokens) / sum(len(text.splitlines()) for text in texts)


def told(offences: Iterable[object]) -> str:
    """Return the offences one a line, because pytest shortens a long comparison; empty for none."""
    return "\n".join(sorted({str(offence) for offence in offences}))


def test_a_file_is_short_enough_to_read_in_one_sitting() -> None:
    lengths = {source: len((ROOT / source).read_text().splitlines()) for source in SOURCES}
    assert told(f"{source}: {length} lines" for source, length in lengths.items() if length > MOST_LINES) == ""


def test_a_module_says_in_a_few_lines_what_it_is_for() -> None:
    docstrings = {source: (ast.get_docstring(tree_of(source)) or "").splitlines() for source in SOURCES}
    assert told(source for source, lines in docstrings.items() if not 1 <= len(lines) <= MOST_DOCSTRING_LINES) == ""


def test_names_say_what_a_thing_is() -> None:
    named = {(source, part) for source in CODE for part in Path(source).with_suffix("").parts}
    named |= {(source, node.name) for source, node in nodes(CODE, ast.FunctionDef)}
    named |= {(source, node.name) for source, node in nodes(CODE, ast.ClassDef)}
    assert told(f"{source}: {name}" for source, name in named if EMPTY_WORDS.search(name) and name not in IMPOSED) == ""


def test_functions_import_only_what_is_too_slow_for_start_up() -> None:
    hidden = (
        f"{source}:{line} {name}"
        for source, function in nodes(CODE, ast.FunctionDef)
        if function.name != "ready"
        for line, name in imports(function)
        if name.partition(".")[0] not in HEAVY
    )
    assert told(hidden) == ""


def test_no_control_flow_hides_in_model_signals() -> None:
    used = {(source, name) for source in CODE for _, name in imports(tree_of(source))}
    # A guard on another package's models, which can't be told otherwise: docs/adr/0016.
    used -= {("jobs/apps.py", "django.db.models.signals.pre_delete")}
    assert told(f"{source}: {name}" for source, name in used if name.rpartition(".")[2] in SIGNALS) == ""


def test_settings_are_read_in_one_place_per_app() -> None:
    elsewhere = [source for source in CODE if not source.startswith("project/") and not source.endswith("/conf.py")]
    read = (
        f"{source}:{node.lineno} settings.{node.attr}"
        for source, node in nodes(elsewhere, ast.Attribute)
        if ast.unparse(node.value) == "settings" and node.attr != "AUTH_USER_MODEL"
    )
    assert told(read) == ""


def test_the_environment_is_read_in_one_place() -> None:
    # A fault test's hook and a command's password are no settings: they must not stand among what operators may set.
    code = [source for source in CODE if source not in {"jobs/faultpoints.py", "ingestion/cli/passwords.py"}]
    calls = (
        f"{source}:{node.lineno}"
        for source, node in nodes(code, ast.Call)
        if ast.unparse(node.func) in {"os.getenv", "os.environ.get"}
    )
    subscripts = (
        f"{source}:{node.lineno}"
        for source, node in nodes(code, ast.Subscript)
        if ast.unparse(node.value) == "os.environ" and isinstance(node.ctx, ast.Load)
    )
    assert told([*calls, *subscripts]) == ""


def test_names_carry_the_meaning_and_comments_only_reasons() -> None:
    shares = {package: comment_share(package) for package in PACKAGES}
    assert told(f"{package}: {share:.1%}" for package, share in shares.items() if share > MOST_COMMENTS) == ""


def test_a_test_waits_by_polling_and_mocks_nothing() -> None:
    sleeps = (
        f"{source}:{node.lineno}"
        for source, node in nodes(TESTS, ast.Call)
        if Path(source).name.startswith(("test_", "conftest")) and ast.unparse(node.func) == "time.sleep"
    )
    mocks = (source for source in TESTS for _, name in imports(tree_of(source)) if name.startswith("unittest.mock"))
    assert told([*sleeps, *mocks]) == ""
