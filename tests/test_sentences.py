from __future__ import annotations

import pytest

from atk_interp.sentences import heading_end, paragraphs, pieces, sentences, whole_sentences
from atk_interp.tokens import count_tokens


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text, 0, len(text))]


@pytest.mark.parametrize("unit", [".", "?!", "…", '."', ".)"])
def test_a_line_of_dots_takes_no_longer_than_another_line(unit: str) -> None:
    """A hundred thousand of them took minutes when each began a run of its own."""
    text = unit * (100_000 // len(unit))
    assert list(sentences(text, 0, len(text))) == [(0, len(text))]
    assert list(sentences(f"{text} So.", 0, len(text) + 4)) == [(0, len(text)), (len(text) + 1, len(text) + 4)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ('He said "Stop." and left. Then it rained.', ['He said "Stop." and left.', "Then it rained."]),
        ('"Who is it?" she asked. (It was late.)', ['"Who is it?" she asked.', "(It was late.)"]),
        ('He said "no." Then he left.', ['He said "no."', "Then he left."]),
        ("Dr. A. Smith et al. came. They left.", ["Dr. A. Smith et al. came.", "They left."]),
        ("It costs 3.50 euros at example.com today. Yes.", ["It costs 3.50 euros at example.com today.", "Yes."]),
        ("Wait... what? and so on.", ["Wait...", "what?", "and so on."]),
        ("Am 3. Mai kam z. B. Hans. Er ging.", ["Am 3. Mai kam z. B. Hans.", "Er ging."]),
        ("你好。再见！真的？」他说。", ["你好。", "再见！", "真的？」", "他说。"]),
        ("ما هذا؟ هذا كتاب. نعم.", ["ما هذا؟", "هذا كتاب.", "نعم."]),
        ("यह एक वाक्य है। यह दूसरा है।", ["यह एक वाक्य है।", "यह दूसरा है।"]),
        ("A hard\nwrapped sentence\ngoes on. Here too.", ["A hard\nwrapped sentence\ngoes on.", "Here too."]),
        ("It was I. You know.", ["It was I.", "You know."]),
    ],
)
def test_sentences_end_where_people_end_them(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@pytest.mark.parametrize(
    "text", ["- One. Two.\n- Three.", "| a. b |\n| c |", "1. One. Two.\n2. Three.", "    a. b\n    c", "> A. B.\n> C."]
)
def test_lists_tables_quotes_and_code_are_cut_at_lines(text: str) -> None:
    assert cut(text) == text.split("\n")


def test_paragraphs_keep_their_indentation_and_nothing_after_them() -> None:
    text = "\n\n  a\nb  \n \t\n\tc\r\n\r\nd\n"
    assert [text[start:end] for start, end in paragraphs(text)] == ["  a\nb", "\tc", "d"]


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("# One\ntext", "# One"),
        ("###### Six", "###### Six"),
        ("One\n===\ntext", "One\n==="),
        ("One\n---", "One\n---"),
        ("#hashtag", ""),
        ("####### seven", ""),
        ("text\n# One", ""),
        ("One\n- item", ""),
    ],
)
def test_markdown_headings_are_known(text: str, heading: str) -> None:
    assert text[: heading_end(text, 0, len(text))] == heading


def test_pieces_prefer_lines_then_words() -> None:
    text = "alpha beta gamma\n" * 8
    found = [text[start:end] for start, end in pieces(text, 0, len(text), 12, count_tokens)]
    assert len(found) > 2
    assert all(part.endswith("gamma") for part in found)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("# Ice\nIce floats.\nIron\nsinks!", ("Ice floats.", "Iron sinks!")),
        ('of the sea. He said: "Go." Why', ('He said: "Go."',)),
        ("- One.\n- Two\n\nDr. Snow came in 1854. Snow came in", ("Dr. Snow came in 1854.",)),
        ("One. One. Two.", ("One.", "Two.")),
        ("1.1 Ice . . . 4", ()),
        ("氷は浮く。鉄は沈む。", ("氷は浮く。", "鉄は沈む。")),
    ],
)
def test_what_a_whole_sentence_is(text: str, sentences: tuple[str, ...]) -> None:
    assert whole_sentences(text) == sentences
