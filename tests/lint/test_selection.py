"""Which codes are told: the more specific word wins, and advice is for those who ask."""

from __future__ import annotations

import pytest

from atk_interp.lint import Selection
from atk_interp.lint.known import all_codes
from atk_interp.lint.selection import selector_problem

BY_NAME = {code.name: code for code in all_codes()}
ERROR, WARNING = BY_NAME["unknown-key"], BY_NAME["unused-param"]
ADVICE, NOTICE = BY_NAME["ignore-without-reason"], BY_NAME["unknown-setting"]


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (Selection(), [ERROR, WARNING, NOTICE]),
        (Selection(select=("all",)), [ERROR, WARNING, ADVICE, NOTICE]),
        (Selection(select=("warning",)), [WARNING]),
        (Selection(select=("ATK2", "unused-param")), [ERROR, WARNING]),
        (Selection(extend_select=("advice",)), [ERROR, WARNING, ADVICE, NOTICE]),
        (Selection(extend_select=("ATK624",)), [ERROR, WARNING, ADVICE, NOTICE]),
        (Selection(ignore=("ATK5", "notice")), [ERROR]),
        (Selection(select=("all",), ignore=("all",)), []),
        (Selection(select=("ATK522",), ignore=("ATK5",)), [WARNING]),
        (Selection(select=("all",), ignore=("unused-param",)), [ERROR, ADVICE, NOTICE]),
        (Selection(select=("ATK52",), ignore=("ATK522",)), []),
        (Selection(select=("atk6",), ignore=("Advice",)), [ADVICE]),
        (Selection(select=("ATK6",), ignore=("advice",)), [ADVICE]),
    ],
)
def test_the_more_specific_word_wins(selection: Selection, wanted: list[object]) -> None:
    assert [code for code in (ERROR, WARNING, ADVICE, NOTICE) if selection.has(code)] == wanted


def test_what_cannot_be_read_is_always_told() -> None:
    for selection in (Selection(), Selection(select=("advice",)), Selection(ignore=("all", "ATK1", "error"))):
        assert selection.has(BY_NAME["yaml-syntax"])


@pytest.mark.parametrize(
    "selector", ["ATK522", "unused-param", "ATK5", "ATK52", "ATK", "advice", "error", "all", "atk307", "Atk5", "ALL"]
)
def test_these_words_can_select(selector: str) -> None:
    assert selector_problem(selector) is None


@pytest.mark.parametrize(
    ("selector", "help_"),
    [
        ("unused-parm", "`unused-param`"),
        ("ATK5222", "`ATK522`"),
        ("warnings", "`warning`"),
        ("ATK99", "ATK"),
        ("E501", "--list-rules"),
        ("", "--list-rules"),
    ],
)
def test_an_unknown_word_is_answered_with_the_nearest(selector: str, help_: str) -> None:
    problem = selector_problem(selector)

    assert problem is not None
    assert help_ in str(problem[1])


def test_what_cannot_be_read_cannot_be_ignored_by_its_code() -> None:
    assert selector_problem("yaml-syntax", ignoring=True) is not None
    assert selector_problem("yaml-syntax") is None
    assert selector_problem("ATK5", ignoring=True) is None
