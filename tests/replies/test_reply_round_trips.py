"""What is written in a form is read back from it, however a model decorates it."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from atk_interp.replies import build_reader
from atk_interp.values import Value

# Words that are no part of any form below, in several scripts, with punctuation that means nothing to a form.
WORD = st.text(st.sampled_from("bcdfgzéßЖλд中本ص0189’?!,()"), min_size=1, max_size=8).filter(
    lambda word: any(character.isalpha() for character in word)
)
SENTENCE = st.lists(WORD, min_size=1, max_size=6).map(" ".join)
PARAGRAPHS = st.lists(SENTENCE, min_size=1, max_size=3).map("\n\n".join)
PAIRS = st.lists(st.tuples(PARAGRAPHS, PARAGRAPHS), min_size=1, max_size=4)
CHATTER = st.sampled_from(["", "Here you are:\n\n", "Sure! I wrote questions and answers.\n\n---\n\n"])

HEADERS = st.sampled_from(
    [
        "QUESTION: ",
        "**QUESTION:** ",
        "**QUESTION**: ",
        "**Question {n}:** ",
        "### Question {n}:\n",
        "question :",
        "{n}. *Question:* ",
    ]
)


@given(PAIRS, CHATTER, HEADERS, st.sampled_from(["\n", "\n\n"]), st.sampled_from(["\n", "\n\n", "\n\n---\n\n"]))
def test_a_pattern_reads_its_fields_back(
    pairs: list[tuple[str, str]], chatter: str, header: str, inside: str, between: str
) -> None:
    answer_header = header.replace("uestion", "nswer").replace("UESTION", "NSWER").replace("Q", "A").replace("q", "a")
    blocks = [
        f"{header.format(n=n)}{question}{inside}{answer_header.format(n=n)}{answer}"
        for n, (question, answer) in enumerate(pairs, 1)
    ]
    reader = build_reader({"pattern": "**QUESTION:** {question}\n**ANSWER:** {answer}", "many": True})
    expected: list[dict[str, Value]] = [{"question": question, "answer": answer} for question, answer in pairs]
    assert reader.read(chatter + between.join(blocks) + "\n") == expected


@given(PAIRS, CHATTER)
def test_tags_read_their_fields_back(pairs: list[tuple[str, str]], chatter: str) -> None:
    groups = [f"<question>\n{question}\n</question>\n<answer>{answer}</answer>" for question, answer in pairs]
    reader = build_reader({"tags": ["question", "answer"], "many": True})
    expected: list[dict[str, Value]] = [{"question": question, "answer": answer} for question, answer in pairs]
    assert reader.read(chatter + "\n".join(groups)) == expected


@given(
    st.lists(SENTENCE, min_size=1, max_size=5), CHATTER, st.sampled_from(["{n}. ", "{n}) ", "- ", "* ", "• ", "  - "])
)
def test_a_list_reads_its_items_back(items: list[str], chatter: str, mark: str) -> None:
    lines = [mark.format(n=number) + item for number, item in enumerate(items, 1)]
    assert build_reader({"list": "items"}).read(chatter + "\n".join(lines)) == [{"items": items}]


VALUES = st.fixed_dictionaries(
    {
        "text": st.text(st.characters(codec="utf-8"), min_size=1).map(str.strip).filter(bool),
        "number": st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False, width=32),
        "flag": st.booleans(),
        "words": st.lists(SENTENCE, max_size=3),
    }
)
JSON_FORM = {"text": "text", "number": "float", "flag": "bool", "words": {"items": "text"}}


@given(VALUES, CHATTER, st.sampled_from([None, 2]), st.booleans(), st.booleans())
def test_json_reads_its_fields_back(
    value: dict[str, Value], chatter: str, indent: int | None, is_escaped: bool, is_fenced: bool
) -> None:
    assume("\r" not in str(value["text"]) and "\ufeff" not in str(value["text"]))
    written = json.dumps(value, indent=indent, ensure_ascii=is_escaped)
    reply = chatter + (f"```json\n{written}\n```" if is_fenced else written)
    assert build_reader({"json": JSON_FORM}).read(reply) == [value]


@given(VALUES, st.text(st.characters(min_codepoint=32, max_codepoint=126)).map(lambda text: f"b{text}b"))
def test_json_in_the_words_of_python_is_read_back(value: dict[str, Value], text: str) -> None:
    value["text"] = text
    assert build_reader({"json": JSON_FORM}).read(repr(value)) == [value]


@given(
    st.lists(PARAGRAPHS, min_size=2, max_size=6),
    CHATTER,
    st.sampled_from(["{}: ", "**{}:** ", "**{}**: ", "### {}:\n"]),
)
def test_a_dialogue_reads_its_turns_back(turns: list[str], chatter: str, heading: str) -> None:
    speakers = [("user", "User"), ("assistant", "Assistant")]
    said = [(speakers[number % 2], text) for number, text in enumerate(turns)]
    reply = "\n\n".join(heading.format(name) + text for (_, name), text in said)
    reader = build_reader({"dialogue": {"user": "User", "assistant": "Assistant"}, "into": "talk"})
    expected: list[Value] = [{"role": role, "text": text} for (role, _), text in said]
    assert reader.read(chatter + reply) == [{"talk": expected}]


@given(st.integers(-99_999, 99_999) | st.integers(-99_999, 99_999).map(lambda cents: cents / 100))
def test_a_number_is_read_back(number: float) -> None:
    reader = build_reader({"number": "n", "after": "Score:"})
    for written in (f"{number}", f"**{number}**", f"{number}/100000", f"{number:,}", f"about {number}, or so"):
        assert reader.read(f"**Score:** {written}") == [{"n": number}]


@pytest.mark.parametrize("written", ["suitable", "unsuitable", "not sure"])
@pytest.mark.parametrize(
    "decorated", ["{}", "**{}**", "*{}*.", "'{}'", "“{}”", "[{}]", "{}, for it has facts", "\n\n{}\n"]
)
@pytest.mark.parametrize(
    "header", ["Verdict:", "**Verdict:**", "**Verdict**:", "## Verdict:", "My verdict :", "- VERDICT:"]
)
def test_a_choice_is_read_back(written: str, decorated: str, header: str) -> None:
    reader = build_reader({"choice": ["suitable", "unsuitable", "not sure"], "into": "verdict", "after": "Verdict:"})
    for spelled in (written, written.upper(), written.title()):
        assert reader.read(f"Thinking: it is suitable.\n{header} {decorated.format(spelled)}") == [{"verdict": written}]


@given(
    PARAGRAPHS,
    PARAGRAPHS,
    CHATTER,
    st.sampled_from(["## {}\n", "**{}:** ", "{}:\n", "2. {}: ", "### **{}**\n\n", "{} ："]),
)
def test_headings_read_their_sections_back(question: str, answer: str, chatter: str, heading: str) -> None:
    reply = f"{chatter}{heading.format('Question')}{question}\n\n{heading.format('ANSWER')}{answer}\n"
    reader = build_reader({"headings": ["question", "answer"]})
    assert reader.read(reply) == [{"question": question, "answer": answer}]


@given(st.lists(st.tuples(SENTENCE, st.integers(-(10**9), 10**9)), min_size=1, max_size=4), CHATTER, st.booleans())
def test_yaml_reads_its_fields_back(rows: list[tuple[str, int]], chatter: str, fenced: bool) -> None:
    listed = "".join(f"- text: {json.dumps(text, ensure_ascii=False)}\n  score: {score}\n" for text, score in rows)
    reply = f"{chatter}```yaml\n{listed}```\n" if fenced else f"{chatter}{listed}"
    reader = build_reader({"yaml": {"text": "text", "score": "int"}, "many": True})
    expected: list[dict[str, Value]] = [{"text": text, "score": score} for text, score in rows]
    assert reader.read(reply) == expected


@given(
    st.integers(1, 5),
    st.integers(1, 5),
    st.booleans(),
    CHATTER,
    st.sampled_from(["{}: {}\n", "**{}:** {}/5, since.\n", "- {} = {}\n"]),
)
def test_a_rubric_reads_its_scores_back(first: int, second: int, lies: bool, chatter: str, line: str) -> None:
    scores = line.format("First score", first) + line.format("Second", second)
    reply = f"{chatter}{scores}Lies: {'yes' if lies else 'no'}"
    bounds = {"min": 1, "max": 5, "type": "int"}
    reader = build_reader({"rubric": {"first_score": bounds, "second": bounds, "lies": "fails"}, "into": "whole"})
    whole = 0.0 if lies else (first + second - 2) / 8
    assert reader.read(reply) == [{"first_score": first, "second": second, "lies": lies, "whole": pytest.approx(whole)}]
