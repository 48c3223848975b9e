"""What a grammar lets a model write is readable, bounded, and made of the words that it was held to."""

from __future__ import annotations

import random
from typing import Any

import pytest
from reply_options import CONSTRAINED, EVERY_KIND

from atk_interp.replies import FieldRule, Rules, build_reader

llguidance = pytest.importorskip("llguidance", reason="checks grammars without a model")

PASSAGE = (
    "Penicillin was found by Fleming in 1928, when mould killed\n"
    'bacteria in a <dish> "there" / {here}. It was a \\ first.'
)
LONGEST = 20_000


def write(grammar: str, seed: int) -> str:
    """A text of a grammar, drawn by chance: at each byte one of those that it allows, ASCII where it can be."""
    tokens = llguidance.LLTokenizer("byte")
    chance = random.Random(seed)
    matcher = llguidance.LLMatcher(tokens, llguidance.LLMatcher.grammar_from_lark(grammar))
    assert not matcher.get_error(), matcher.get_error()
    written = bytearray()
    while not (matcher.is_accepting() and chance.random() < 0.1):
        mask = matcher.compute_bitmask()
        allowed = [byte for byte in range(256) if mask[byte // 8] >> (byte % 8) & 1]
        if not allowed:
            break
        byte = chance.choice([byte for byte in allowed if byte < 128] or allowed)
        assert matcher.consume_token(byte), matcher.get_error()
        written.append(byte)
        assert len(written) < LONGEST
    assert matcher.is_accepting(), matcher.get_error()
    return written.decode()


def is_written_by(grammar: str, text: str) -> bool:
    tokens = llguidance.LLTokenizer("byte")
    matcher = llguidance.LLMatcher(tokens, llguidance.LLMatcher.grammar_from_lark(grammar))
    assert not matcher.get_error(), matcher.get_error()
    taken = tokens.tokenize_str(text)
    return bool(matcher.try_consume_tokens(taken) == len(taken) and matcher.is_accepting())


def grammar_of(options: dict[str, Any], rules: Rules) -> str:
    grammar = build_reader(options).grammar(rules)
    assert grammar is not None
    return grammar


def texts(value: object) -> list[str]:
    """The free text in a field."""
    match value:
        case str():
            return [value]
        case list():
            return [text for item in value for text in texts(item)]
        case {"role": _, "text": str(said)}:
            return [said]
    return []


@pytest.mark.parametrize("options", CONSTRAINED.values(), ids=CONSTRAINED)
@pytest.mark.parametrize(
    "rule",
    [None, FieldRule(max_chars=12), FieldRule(40, PASSAGE), FieldRule(40, sentences=1)],
    ids=["free", "short", "words", "sentence"],
)
def test_what_a_grammar_allows_is_readable_and_within_its_rules(
    options: dict[str, Any], rule: FieldRule | None
) -> None:
    reader = build_reader(options)
    rules = dict.fromkeys(reader.constrainable, rule) if rule else {}
    grammar = grammar_of(options, rules)
    words = " ".join(PASSAGE.split())
    for seed in range(4):
        for reading in reader.read(write(grammar, seed)):
            for field in reader.constrainable:
                for text in texts(reading[field]):
                    _obeys(text, rule, words)


def _obeys(text: str, rule: FieldRule | None, words: str) -> None:
    assert "\n" not in text
    assert len(text) <= (400 if rule is None or rule.max_chars is None else rule.max_chars)
    if rule is not None and rule.words_of:
        assert text in words


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        ("many blocks", "**QUESTION:** Who?\n**ANSWER:** Fleming.\n\n**QUESTION:** When?\n**ANSWER:** 1928."),
        ("optional hole", "# Title: A\nText: B\n# End"),
        ("optional hole", "# Title: A\nNote: N\nText: B\n# End"),
        ("holes in a line", "Q: Who is it | A: I know not."),
        ("tags", "<question>Who?</question>\n<answer>'Fleming'</answer>"),
        ("choice after a header", "**Final verdict:** cc"),
        ("list", "- Ice floats.\n- Iron sinks."),
        ("whole number", "Score 10"),
        ("number after a header", "Score: 2.75"),
        ("many objects", '[{"answer": "A"}, {"answer": "Ü"}]'),
        ("dialogue", "User: A\n\nAssistant: B\n\nUser: C\n\nAssistant: D"),
    ],
)
def test_a_clean_reply_is_of_the_grammar(kind: str, reply: str) -> None:
    assert is_written_by(grammar_of(CONSTRAINED[kind], {}), reply)
    assert build_reader(CONSTRAINED[kind]).read(reply)


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        ("many blocks", "Sure!\n**QUESTION:** Who?\n**ANSWER:** Fleming."),
        ("many blocks", "**QUESTION:** Who?\n**ANSWER:** "),
        ("many blocks", "\n\n".join(["**QUESTION:** Who?\n**ANSWER:** Fleming."] * 4)),
        ("choice after a header", "**Final verdict:** d"),
        ("whole number", "Score 11"),
        ("number after a header", "Score: 0.25"),
        ("list", "- Ice floats."),
        ("dialogue", "User: A\n\nAssistant: B"),
        ("tags", "<question>Who?</question>"),
    ],
)
def test_what_is_not_of_the_form_is_not_of_the_grammar(kind: str, reply: str) -> None:
    assert not is_written_by(grammar_of(CONSTRAINED[kind], {}), reply)


def test_an_answer_is_an_unbroken_run_of_the_words_of_the_passage() -> None:
    rules = {"answer": FieldRule(max_chars=60, words_of=PASSAGE)}
    grammar = grammar_of({"tag": "answer"}, rules)
    assert is_written_by(grammar, "<answer>when mould killed bacteria in a</answer>")
    assert not is_written_by(grammar, "<answer>when bacteria killed</answer>")
    assert not is_written_by(grammar, "<answer>hen mould</answer>")


def test_an_answer_is_one_of_the_texts_that_the_form_leaves_room_for() -> None:
    texts = ("It is mould.", "It is <b>.", "It is a mould that was found by chance.")
    grammar = grammar_of({"tag": "answer"}, {"answer": FieldRule(20, "It is mould.", texts)})
    assert is_written_by(grammar, "<answer>It is mould.</answer>")
    for other in (*texts[1:], "It is", "mould"):
        assert not is_written_by(grammar, f"<answer>{other}</answer>")


def test_a_text_of_so_many_sentences_at_most_comes_to_an_end() -> None:
    grammar = grammar_of({"tag": "answer"}, {"answer": FieldRule(40, sentences=2)})
    for said in (
        "It is ice.",
        '"Is it?" She nods.',
        "It is 4.2 cups.",
        "No ... Never!",
        "氷は浮く。",
        'He says: "It is."',
    ):
        assert is_written_by(grammar, f"<answer>{said}</answer>")
    for said in (
        "It is ice",
        "One. Two. Three.",
        "One.2 Two.3 Three.",
        "One.)",
        'One."',
        "One.’",
        '"One""Two."',
        "One……",
        "One.»",
        '"One.',
        "It is. It",
        "It is ice that floats on the water of a lake.",
    ):
        assert not is_written_by(grammar, f"<answer>{said}</answer>")


@pytest.mark.parametrize("nothing", ["", " \n", "—…"])
def test_a_text_without_words_holds_nothing_to_itself(nothing: str) -> None:
    assert grammar_of({"tag": "a"}, {"a": FieldRule(words_of=nothing)}) == grammar_of({"tag": "a"}, {})


@pytest.mark.parametrize(
    "options",
    [
        EVERY_KIND["regex"],
        EVERY_KIND["open json"],
        {"pattern": "A: {a} B: {b?}"},
        {"number": "n", "min": 0.2, "max": 0.8},
        {"tags": {"n": {"number": True, "min": 0.2, "max": 0.8}}},
    ],
)
def test_a_form_that_no_grammar_holds_has_none(options: dict[str, Any]) -> None:
    assert build_reader(options).grammar() is None
