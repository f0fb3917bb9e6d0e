"""The pages made from the declared variables."""

import re

import pytest

from project.environment import BASE_DIR, Environment, documented
from project.environment_pages import ENV_EXAMPLE, pages


def test_the_generated_pages_are_fresh() -> None:
    stale = [path.name for path, text in pages().items() if path.read_text() != text]
    assert stale == [], "run `make docs`"


def test_the_pages_name_every_variable_and_no_folder_of_this_machine() -> None:
    names = {str(variable["name"]) for variable in documented()}
    for text in pages().values():
        assert {name for name in names if name not in text} == set()
        assert str(BASE_DIR) not in text


def test_the_example_changes_nothing_until_something_is_uncommented() -> None:
    assert re.findall(r"^[^#\n].*$", pages()[ENV_EXAMPLE], re.MULTILINE) == []


@pytest.mark.parametrize("pair", ["acme", "acme=", "acme=0", "acme=-1", "acme=many"])
def test_a_weight_that_is_none_is_refused_by_its_name(pair: str) -> None:
    with pytest.raises(ValueError, match=f"TENANT_WEIGHTS takes NAME=NUMBER.*{pair}"):
        Environment(tenant_weights=[pair]).weights()
    assert Environment(tenant_weights=["acme=3", "a=b=2"]).weights() == {"acme": 3, "a=b": 2}
