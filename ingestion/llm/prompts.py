"""Prompts are Markdown files in prompts/; {{ name }} marks a variable. Rendering refuses missing and unknown ones."""

from __future__ import annotations

import re
from pathlib import Path

from ingestion.llm.errors import PromptError

FOLDER = Path(__file__).parent / "prompts"
VARIABLE = re.compile(r"\{\{ ([a-z][a-z0-9_]*) \}\}")
LEFTOVER = re.compile(r"\{\{|\}\}")


def prompt_names() -> list[str]:
    """Return the names of all prompts."""
    return sorted(path.stem for path in FOLDER.glob("*.md"))


def variables_of(name: str) -> set[str]:
    """Return the names of the variables that the prompt uses."""
    return set(VARIABLE.findall(_source(name)))


def render_prompt(name: str, /, **values: object) -> str:
    """Return the prompt with every variable replaced, in one pass: braces inside a value stay as they are.

    Raises: PromptError for an unknown prompt, a malformed one, and values that are missing, None or not used.
    """
    source = _source(name)
    wanted = set(VARIABLE.findall(source))
    given = {key for key, value in values.items() if value is not None}
    if wanted - given:
        raise PromptError(f"prompt {name!r} misses: {', '.join(sorted(wanted - given))}")
    if set(values) - wanted:
        raise PromptError(f"prompt {name!r} has no: {', '.join(sorted(set(values) - wanted))}")
    return VARIABLE.sub(lambda found: str(values[found[1]]), source)


def _source(name: str) -> str:
    if name not in prompt_names():
        raise PromptError(f"no prompt {name!r}; there are: {', '.join(prompt_names())}")
    source = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    if LEFTOVER.search(VARIABLE.sub("", source)):
        raise PromptError(f"prompt {name!r} has braces that mark no variable: write {{{{ name }}}}")
    return source
