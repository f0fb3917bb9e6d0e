"""The rule that a requirement has a proof or an honest entry."""

from tests.plugins.requirements import NOT_YET, problems, read_not_yet, render, shrunk

TABLE = {"Group": {"A-1": "do this", "A-2": "do that"}}


def test_an_id_without_test_or_entry_is_a_problem() -> None:
    assert problems(TABLE, {"A-1": ["t/x.py"]}, not_yet=[]) == [
        "A-2 has neither a test nor an entry in not_yet_proven.txt",
    ]


def test_an_entry_that_has_a_test_is_a_problem() -> None:
    assert problems(TABLE, {"A-1": ["t/x.py"]}, not_yet=["A-1", "A-2"]) == [
        "A-1 has a test: take it out of not_yet_proven.txt",
    ]


def test_ids_that_nobody_asked_for_are_problems() -> None:
    assert problems(TABLE, {"A-1": ["t/x.py"], "B-9": ["t/y.py"]}, not_yet=["A-2", "B-8"]) == [
        "B-8 of not_yet_proven.txt is no requirement",
        "B-9 of t/y.py is no requirement",
    ]


def test_all_proven_or_entered_is_no_problem() -> None:
    assert problems(TABLE, {"A-1": ["t/x.py"]}, not_yet=["A-2"]) == []


def test_the_page_shows_each_id_with_its_files() -> None:
    rows = render(TABLE, {"A-1": ["t/y.py", "t/x.py"]}).splitlines()[-2:]
    assert rows == ["| A-1 | do this | `t/x.py`<br>`t/y.py` |", "| A-2 | do that | not yet |"]


def test_the_list_shrinks_by_what_has_a_test() -> None:
    assert shrunk("# why\nA-1\nA-2  # later\n", {"A-1": ["t/x.py"]}) == "# why\nA-2  # later\n"


def test_the_list_may_explain_itself_in_comments() -> None:
    assert read_not_yet("# why\nA-1  # later\n\nA-2\n") == ["A-1", "A-2"]
    assert len(read_not_yet(NOT_YET.read_text())) == len(set(read_not_yet(NOT_YET.read_text())))
