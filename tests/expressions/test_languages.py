"""Identification of languages with the real model."""

from __future__ import annotations

import socket

import pytest

from atk_interp.diagnostics import Sink
from atk_interp.expressions import EvaluationError, check_expression, compile_expression, languages, parse_expression
from atk_interp.expressions.errors import MissingPackage
from atk_interp.expressions.languages import LANGUAGES, language
from atk_interp.expressions.types import TEXT
from atk_interp.source import MappedText

_TEXTS = {
    "en": "The river rises in the mountains and flows through the old town.",
    "de": "Der Fluss entspringt in den Bergen und fließt durch die Altstadt.",
    "fr": "La rivière prend sa source dans les montagnes et traverse la vieille ville.",
    "es": "El río nace en las montañas y atraviesa el casco antiguo.",
    "pt": "O rio nasce nas montanhas e atravessa a cidade velha.",
    "cs": "Řeka pramení v horách a protéká starým městem.",
    "pl": "Rzeka wypływa w górach i przepływa przez stare miasto.",
    "ru": "Река берёт начало в горах и течёт через старый город.",
    "zh": "这条河发源于山区，流经老城。",
    "ja": "この川は山から流れ出て、旧市街を通っています。",
    "ar": "ينبع النهر من الجبال ويجري عبر المدينة القديمة.",
    "hi": "नदी पहाड़ों से निकलती है और पुराने शहर से होकर बहती है।",
}


@pytest.mark.parametrize("code", _TEXTS)
def test_a_sentence_is_enough_to_tell_its_language(code: str) -> None:
    assert language(_TEXTS[code]) == code
    assert language(_TEXTS[code].replace(" ", "\n")) == code


def test_a_text_without_letters_has_no_language() -> None:
    assert [language(text) for text in ("", " \n", "123 - 4!", "🙂")] == ["und"] * 4


def test_the_codes_are_those_of_the_model() -> None:
    labels, _ = languages._predictor()("text", 300, -1.0)
    assert sorted(LANGUAGES) == sorted([*(label.removeprefix("__label__") for label in labels), "und"])


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    languages._predictor.cache_clear()
    assert language(_TEXTS["en"]) == "en"


def test_without_the_extra_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "find_spec", lambda _: None)
    languages._predictor.cache_clear()
    with pytest.raises(MissingPackage, match=r"`pip install 'atk-interp\[language\]'`"):
        language("text")
    expression = parse_expression(MappedText.detached("answer | language"), Sink())
    assert expression is not None
    with pytest.raises(EvaluationError) as raised:
        compile_expression(expression)({"answer": "text"})
    assert raised.value.is_lasting, "no other row can fare better, so the step stops"


def test_a_word_that_is_no_code_is_told_before_the_run() -> None:
    sink = Sink()
    expression = parse_expression(MappedText.detached('answer | language == "english"'), sink)
    assert expression is not None
    check_expression(expression, {"answer": TEXT}, sink)
    assert [found.code.id for found in sink] == ["ATK307"]
