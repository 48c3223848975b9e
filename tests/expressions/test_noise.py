"""Spellings and typing errors. Their values never change: a run that is resumed must find the same text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.expressions.draws import Draw
from atk_interp.expressions.functions.added import ADDED_FILTERS
from atk_interp.expressions.noise import CASES, KEYBOARDS, cased, random_case, typos
from atk_interp.tokens import TOKENIZERS

_TEXT = "Don't panic: the OLD mill.\nIt stands, still."
_DRAW = Draw(b"d" * 32)


@pytest.mark.parametrize(
    ("style", "spelt"),
    [
        ("upper", "DON'T PANIC: THE OLD MILL.\nIT STANDS, STILL."),
        ("lower", "don't panic: the old mill.\nit stands, still."),
        ("title", "Don't Panic: The Old Mill.\nIt Stands, Still."),
        ("sentence", "Don't panic: the old mill.\nIt stands, still."),
        ("alternating", "dOn'T pAnIc: ThE oLd MiLl.\nIt StAnDs, StIlL."),
        ("inverted", "dON'T PANIC: THE old MILL.\niT STANDS, STILL."),
        ("snake", "dont_panic_the_old_mill\nit_stands_still"),
        ("kebab", "dont-panic-the-old-mill\nit-stands-still"),
        ("camel", "dontPanicTheOldMill\nitStandsStill"),
        ("pascal", "DontPanicTheOldMill\nItStandsStill"),
    ],
)
def test_styles_spell_the_same_words(style: str, spelt: str) -> None:
    assert cased(_TEXT, style) == spelt


def test_the_table_names_every_style_and_keyboard() -> None:
    choices = {
        parameter.name: parameter.choices
        for function in ADDED_FILTERS
        for parameter in function.parameters
        if parameter.choices
    }
    assert choices == {"style": tuple(CASES), "keyboard": KEYBOARDS, "tokenizer": TOKENIZERS}


def test_drawn_noise_is_the_same_for_ever() -> None:
    assert random_case(_DRAW, _TEXT, 0.5) == "DoN'T paNic: tHE old mILL.\niT StanDs, STILL."
    assert typos(_DRAW, _TEXT, 0.2, "qwerty") == "oDn't panic: the OLX mill.\nIt wtsndw,  xtill."
    assert typos(_DRAW, "Übung macht den Meister", 0.3, "qwertz") == "bÜung macht den Keister"
    assert typos(_DRAW, "Мельница стоит у реки", 0.3, "jcuken") == "еМльница стоит уреки"


@given(st.text(), st.sampled_from(KEYBOARDS))
def test_without_errors_a_text_stays_as_it_is(text: str, keyboard: str) -> None:
    assert typos(_DRAW, text, 0, keyboard) == text


@given(st.text(), st.floats(0, 1), st.sampled_from(KEYBOARDS))
def test_only_letters_and_spaces_are_mistyped(text: str, rate: float, keyboard: str) -> None:
    others = [each for each in text if not (each.isalpha() or each == " ")]
    typed = typos(_DRAW, text, rate, keyboard)
    left = iter(typed)
    assert all(each in left for each in others)
    assert len(typed) <= 2 * len(text)


def test_errors_come_about_as_often_as_asked() -> None:
    text = "x" * 20_000
    for rate in (0.02, 0.2):
        wrong = sum(each != "x" for each in typos(_DRAW, text, rate, "qwerty"))
        assert wrong == pytest.approx(rate * len(text) / 2, rel=0.2)  # half of the errors hit another key


def test_keys_that_slip_are_beside_each_other() -> None:
    slipped = {each for each in typos(_DRAW, "g" * 2000, 1, "qwerty") if each != "g"}
    assert slipped == set("tyfhvb")
