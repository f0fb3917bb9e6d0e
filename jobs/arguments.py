"""What a job takes, as JSON schema, and whether given values fit it; read from the job's own signature."""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from jobs.errors import ArgumentsError

if TYPE_CHECKING:
    from pydantic import BaseModel

_NAMELESS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def schema_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the JSON schema of the object that holds the function's arguments by name."""
    schema: dict[str, Any] = _model_of(function).model_json_schema()
    schema.pop("title", None)
    for argument in schema.get("properties", {}).values():
        argument.pop("title", None)
    return schema


def check_types(function: Callable[..., Any], kwargs: Mapping[str, Any]) -> None:
    """Check names and types of arguments that came as JSON, without converting any.

    Raises: ArgumentsError with every misfit.
    """
    from pydantic import ValidationError

    try:
        _model_of(function).model_validate_json(json.dumps(dict(kwargs), default=str), strict=True)
    except ValidationError as error:
        raise ArgumentsError("; ".join(_misfit(item) for item in error.errors(include_url=False))) from None


def _misfit(item: Any) -> str:
    place = ".".join(str(part) for part in item["loc"]) or "arguments"
    match item["type"]:
        case "missing":
            return f"{place} is missing"
        case "extra_forbidden":
            return f"{place} is not an argument of this job"
        case _:
            return f"{place}: {item['msg'][0].lower()}{item['msg'][1:]}"


@cache
def _model_of(function: Callable[..., Any]) -> type[BaseModel]:
    from pydantic import ConfigDict, Field, create_model

    parameters = inspect.signature(function).parameters.values()
    open_ended = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)
    hints = _hints(function)
    fields: dict[str, Any] = {}
    for number, parameter in enumerate(each for each in parameters if each.kind not in _NAMELESS):
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        # Behind an alias any name is allowed, "json" and "_private" too.
        fields[f"argument_{number}"] = (hints.get(parameter.name, Any), Field(default, alias=parameter.name))
    config = ConfigDict(extra="allow" if open_ended else "forbid", arbitrary_types_allowed=True)
    return create_model("arguments", __config__=config, **fields)


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        hints = typing.get_type_hints(function)
    except (NameError, TypeError):
        return {}
    return {name: hint if _is_json(hint) else Any for name, hint in hints.items()}


def _is_json(hint: Any) -> bool:
    from pydantic import PydanticUserError, TypeAdapter
    from pydantic.errors import PydanticSchemaGenerationError

    try:
        TypeAdapter(hint).json_schema()
    except (PydanticUserError, PydanticSchemaGenerationError, TypeError):
        return False
    return True
