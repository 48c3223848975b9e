from __future__ import annotations

import random
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atk_interp.formats.chunking import SMALLEST_LIMIT, Passage, chunk_text, neighbours
from atk_interp.tokens import TOKENIZERS, count_tokens

ENGLISH = (
    "The river rises in the hills. It runs for ninety miles, past two towns, and meets the sea at Harrow. "
    "Dr. Smith measured its depth in 1904. Nobody has done so since, e.g. in the great flood! Why not? "
)
GERMAN = (
    "Der Fluß entspringt in den Hügeln. Er fließt z. B. an zwei Städten vorbei, vgl. Abb. 3 im Anhang. "
    "Am 3. Mai 1904 maß Prof. Schmidt seine Tiefe. Seither hat es niemand mehr getan! "
)
CHINESE = "这条河发源于山中。它流经两座城镇，最后汇入大海。史密斯博士在一九〇四年测量过它的深度！此后再也没有人测量过。"
ARABIC = (
    "ينبع النهر من التلال. يمر بمدينتين، ثم يصب في البحر؟ قاس الدكتور عمقه عام ١٩٠٤. لم يفعل أحد ذلك منذ ذلك الحين! "
)
CODE = """def area(width, height):
    # no check here
    if width < 0:
        raise ValueError(width)
    return width * height


"""
TABLE = "| river | miles. | depth |\n|---|---|---|\n" + "| Harrow. A | 90 | 4 |\n" * 200


def assert_faithful(text: str, passages: list[Passage], limit: int) -> None:
    """Within the limit, in order, exact, and nothing but whitespace left out."""
    covered = 0
    for before, passage in zip([None, *passages], passages, strict=False):
        assert passage.tokens == count_tokens(passage.text) <= limit
        assert passage.text == text[passage.start : passage.end]
        assert passage.text.strip()
        assert before is None or (before.start < passage.start and before.end < passage.end)
        assert not text[covered : passage.start].strip()
        covered = passage.end
    assert not text[covered:].strip()


@pytest.mark.parametrize(
    "text",
    [ENGLISH * 20, GERMAN * 20, CHINESE * 20, ARABIC * 20, CODE * 20, TABLE, "\n\n".join([ENGLISH * 2] * 10)],
    ids=["english", "german", "chinese", "arabic", "code", "table", "paragraphs"],
)
@pytest.mark.parametrize(("limit", "overlap"), [(50, 0), (200, 0), (200, 40)])
def test_every_sort_of_text_is_cut_within_the_limit_and_whole(text: str, limit: int, overlap: int) -> None:
    assert_faithful(text, chunk_text(text, limit, overlap_tokens=overlap), limit)


_WORDS = ["word", "Dr. ", "Ünsinn ", "x" * 90, "中文", "🧠", "e\u0301", "👩‍👩‍👧", ". ", "。", "؟ ", "।"]
_SPACES = ["\n", "\n\n", "\r\n\r\n", " ", "\t", "\u2028", "\x1c", "\u00a0"]
_BLOCKS = ["# Head\n\n", "- item\n", "    code\n", "| a | b |\n", "Title\n=====\n"]
_PIECES = st.sampled_from([*_WORDS, *_SPACES, *_BLOCKS])


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(max_size=200), st.lists(_PIECES, max_size=120).map("".join)),
    st.integers(SMALLEST_LIMIT, 60),
    st.integers(0, 20),
    st.one_of(st.none(), st.integers(0, 80)),
)
def test_any_text_is_cut_within_any_limit_and_whole(text: str, limit: int, overlap: int, short: int | None) -> None:
    passages = chunk_text(text, limit + overlap, overlap_tokens=overlap, min_tokens=short)
    assert_faithful(text, passages, limit + overlap)
    if not overlap:
        assert all(before.end <= after.start for before, after in pairwise(passages))


def test_a_text_that_fits_is_one_passage_without_the_space_round_it() -> None:
    text = "\n\n  One.\n\n\nTwo.  \n"
    assert chunk_text(text, 50) == [Passage("  One.\n\n\nTwo.", 2, 15, count_tokens("  One.\n\n\nTwo."))]


@pytest.mark.parametrize("text", ["", " ", "\n" * 1000, "\t \r\n\u2003"])
def test_whitespace_gives_no_passage(text: str) -> None:
    assert chunk_text(text, 50) == []


def test_paragraphs_that_fit_are_never_cut() -> None:
    paragraph = ENGLISH.strip()
    text = "\n\n".join([paragraph] * 30)
    for passage in chunk_text(text, 130):
        assert set(passage.text.split("\n\n")) == {paragraph}


def test_a_long_paragraph_is_cut_after_sentences_not_after_abbreviations() -> None:
    for language, sentence_ends in ((ENGLISH, ".!?"), (GERMAN, ".!?"), (CHINESE, "。！"), (ARABIC, ".!؟")):
        passages = chunk_text(language * 10, 60)
        assert len(passages) > 5
        assert all(passage.text.endswith(tuple(sentence_ends)) for passage in passages)
        assert not any(passage.text.endswith(("Dr.", "e.g.", "z.", "Abb.", "3.", "Prof.")) for passage in passages)


def test_a_table_is_cut_between_its_rows() -> None:
    for passage in chunk_text(TABLE, 60):
        assert passage.text.startswith("|")
        assert passage.text.endswith("|")


def test_code_keeps_its_indentation() -> None:
    body = "def f():\n" + "    step(1)\n" * 100
    passages = chunk_text(body, 50)
    assert len(passages) > 3
    assert all(passage.text.startswith("    step(1)\n") for passage in passages[1:])


@pytest.mark.slow
def test_a_line_of_five_million_letters_is_cut_anywhere() -> None:
    text = "abcdefghij" * 500_000
    passages = chunk_text(text, 500)
    assert "".join(passage.text for passage in passages) == text
    assert max(passage.tokens for passage in passages) <= 500


def test_letters_and_their_marks_stay_together() -> None:
    text = "e\u0301" * 500
    passages = chunk_text(text, 20)
    assert len(passages) > 10
    assert not any(passage.text.startswith("\u0301") for passage in passages)


@pytest.mark.parametrize("heading", ["# The river", "River\n=====", "## One\n\n### Two"])
def test_a_heading_stays_with_what_follows_it(heading: str) -> None:
    section = f"{heading}\n\n{ENGLISH.strip()}"
    passages = chunk_text("\n\n".join([section] * 20), 70)
    assert len(passages) >= 20
    assert all(len(passage.text) > len(heading) + 20 for passage in passages)
    ends = heading.split("\n")[-1]
    assert not any(passage.text.endswith(ends) for passage in passages)


def test_a_heading_stays_with_the_first_words_of_a_sentence_that_is_too_long() -> None:
    text = "# The river\n\n" + "and it ran on " * 200
    first = chunk_text(text, 50)[0]
    assert first.text.startswith("# The river\n\nand it ran on")


def test_a_short_tail_takes_paragraphs_from_the_passage_before() -> None:
    paragraph = "Some words that make up a paragraph of a size."
    text = "\n\n".join([paragraph] * 10)
    size = count_tokens(f"{paragraph}\n\n")
    passages = chunk_text(text, 9 * size)
    assert [passage.text.count("paragraph") for passage in passages] == [5, 5]
    assert [passage.text.count("paragraph") for passage in chunk_text(text, 9 * size, min_tokens=0)] == [9, 1]


def test_overlap_repeats_whole_sentences_from_the_end_of_the_passage_before() -> None:
    text = ENGLISH * 20
    passages = chunk_text(text, 100, overlap_tokens=30)
    for before, after in pairwise(passages):
        shared = text[after.start : before.end]
        assert 0 < count_tokens(shared) <= 30
        assert shared[0].isupper()


@pytest.mark.parametrize("overlap", [40, 100, 160, 180])
def test_an_overlap_of_most_of_a_passage_reaches_over_several(overlap: int) -> None:
    text = ENGLISH * 20
    passages = chunk_text(text, 200, overlap_tokens=overlap)
    shared = [count_tokens(text[after.start : before.end]) for before, after in pairwise(passages)]
    assert_faithful(text, passages, 200)
    assert all(tokens <= overlap for tokens in shared)
    assert all(shared[3:])  # the first passages may be one sentence each, which nothing begins before
    settled = shared[len(shared) // 2 :]
    assert sum(settled) / len(settled) > 0.6 * overlap


def test_overlap_falls_back_to_words() -> None:
    text = "and it ran on " * 400
    passages = chunk_text(text, 60, overlap_tokens=10)
    shared = [text[after.start : before.end] for before, after in pairwise(passages)]
    assert all(0 < count_tokens(part) <= 10 for part in shared)


def test_passages_are_filled() -> None:
    """Sums of parts overstate the whole; what fits is decided by the whole, so little room is left over."""
    passages = chunk_text(ENGLISH * 200, 500)
    assert sum(passage.tokens for passage in passages[:-2]) / (len(passages) - 2) > 475


@pytest.mark.parametrize(("limit", "overlap"), [(3, 0), (20, 17), (0, 0), (-5, 0), (50, -1)])
def test_limits_that_leave_no_room_are_refused(limit: int, overlap: int) -> None:
    with pytest.raises(ValueError, match=r"tokens"):
        chunk_text("text", limit, overlap_tokens=overlap)


def test_any_count_will_do() -> None:
    passages = chunk_text("One two three four. Five six. Seven eight nine.", 8, count=lambda text: len(text.split()))
    assert [passage.text for passage in passages] == ["One two three four. Five six.", "Seven eight nine."]


def test_a_count_that_no_character_can_meet_is_refused() -> None:
    with pytest.raises(ValueError, match="one character takes 99 tokens, and a passage may have 8"):
        chunk_text("text", 8, count=lambda text: 99)


@pytest.mark.slow
def test_work_grows_with_the_text_and_no_faster() -> None:
    """Counted characters stand for the work: whatever the text, a few times its length."""
    generator = random.Random(5)
    for text in (
        ENGLISH * 300,
        "\n\n".join("w" * generator.randint(1, 40) for _ in range(3000)),
        "# h\n\n" * 10_000,
        "x" + " " * 100_000 + "y",
        "a " * 50_000,
        "\n \n".join("ab" * 20_000),
    ):
        counted = 0

        def count(part: str) -> int:
            nonlocal counted
            counted += len(part)
            return count_tokens(part)

        chunk_text(text, 100, overlap_tokens=20, count=count)
        assert counted < 25 * len(text)


@pytest.mark.parametrize("text", [ENGLISH * 20, CHINESE * 20, ARABIC * 20, CODE * 20, TABLE, "x" * 5000, "w " * 3000])
def test_neighbours_stand_right_beside_a_passage_within_their_limit(text: str) -> None:
    for passage in chunk_text(text, 60):
        before, after = neighbours(text, passage.start, passage.end, 30)
        assert text[: passage.start].rstrip().endswith(before)
        assert text[passage.end :].lstrip().startswith(after)
        assert max(count_tokens(before), count_tokens(after)) <= 30
        assert bool(after) == bool(text[passage.end :].strip())


def test_neighbours_are_whole_sentences_where_they_fit() -> None:
    text = "One is here. Two is here. Three is here. Four is here. Five is here."
    start = text.index("Three")
    assert neighbours(text, start, start + 14, 8) == ("One is here. Two is here.", "Four is here. Five is here.")
    assert neighbours(text, start, start + 14, 5) == ("Two is here.", "Four is here.")
    assert neighbours(text, 0, len(text), 5) == ("", "")


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_a_limit_holds_in_the_vocabulary_that_was_named(tokenizer: str) -> None:
    passages = chunk_text(CHINESE * 20, 50, count=partial(count_tokens, tokenizer=tokenizer))
    assert all(passage.tokens == count_tokens(passage.text, tokenizer) <= 50 for passage in passages)
