"""What log lines must not hold."""

from __future__ import annotations

import pytest

from project.logs import without_links


@pytest.mark.parametrize("name", ["request", "event"])
def test_a_magic_links_token_stays_out_of_the_log(name: str) -> None:
    event = {name: "GET /exchange/6NMMUCaZUVM8KOz9E_Kb/ HTTP/1.1", "code": 200}
    assert without_links(None, "info", event) == {name: "GET /exchange/.../ HTTP/1.1", "code": 200}
