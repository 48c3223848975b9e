"""Ranking vectors and texts: exact, in one order, the same with numpy and without."""

from __future__ import annotations

import math
import random
from array import array

import pytest

from atk_interp.kinds.base import nearness, sums
from atk_interp.kinds.base.bm25 import Texts, terms
from atk_interp.kinds.base.nearness import Vectors, likeness
from atk_interp.llm.vectors import Vector, unit


@pytest.fixture(params=["numpy", "alone"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "alone":
        monkeypatch.setattr(nearness, "_numpy", lambda: None)
        monkeypatch.setattr(sums, "_numpy", lambda: None)


def vectors(count: int, size: int = 16, seed: int = 1) -> list[Vector]:
    draw = random.Random(seed)
    return [unit(draw.gauss(0, 1) for _ in range(size)) for _ in range(count)]


def filled(made: list[Vector]) -> Vectors:
    found = Vectors()
    for vector in made:
        found.add(vector)
    return found


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("count", [0, 3, 64, 700])
def test_all_are_ranked_by_their_exact_likeness(count: int) -> None:
    made, query = vectors(count), vectors(1, seed=2)[0]
    wanted = sorted(((-likeness(query, vector), number) for number, vector in enumerate(made)))

    assert [(-score, number) for score, number in filled(made).ranked(query)] == wanted


@pytest.mark.usefixtures("way")
def test_of_equal_ones_the_first_comes_first_however_many_there_are() -> None:
    one, other = vectors(2)
    found = filled([other, *[one] * 900, other])
    assert [number for _, number in found.ranked(one)] == [*range(1, 901), 0, 901]


@pytest.mark.usefixtures("way")
def test_the_nearest_above_a_threshold_is_found() -> None:
    made = vectors(200)
    queries = [made[7], vectors(1, seed=5)[0], unit(made[3][i] + 0.1 * made[4][i] for i in range(16))]
    found = filled([*made, made[7]]).like(queries, 0.9)

    assert found[0] == (1.0, 7)
    assert found[1] is None
    assert found[2] is not None
    assert found[2][1] == 3
    assert filled([]).like(queries, 0.9) == [None, None, None]


def test_vectors_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="of 16 and of 3 numbers"):
        filled([*vectors(1), array("f", [1, 0, 0])])


def test_bm25_is_what_its_formula_says() -> None:
    texts = Texts()
    for text in ("the old mill", "the river the river", "a mill by the river Elbe"):
        texts.add(text)

    def worn(times: int, length: int) -> float:
        return times * 2.2 / (times + 1.2 * (0.25 + 0.75 * length / (13 / 3)))

    weight = math.log(1 + 1.5 / 2.5)  # two of the three texts have each of the terms
    assert list(texts.ranked("River mill, mill!")) == [
        (round(2 * weight * worn(1, 6), 6), 2),
        (round(weight * worn(2, 4), 6), 1),
        (round(weight * worn(1, 3), 6), 0),
    ]


@pytest.mark.parametrize("query", ["w1", "w1 w2 w3 w40 w999 none", "w7 w500", "none"])
def test_many_texts_are_ranked_the_same_with_numpy_and_without(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    draw, texts = random.Random(3), Texts()
    for _ in range(1500):
        texts.add(" ".join(f"w{int(draw.paretovariate(0.5))}" for _ in range(draw.randint(1, 30))))
    found = list(texts.ranked(query))
    monkeypatch.setattr(sums, "_numpy", lambda: None)

    assert found == list(texts.ranked(query))
    assert found == sorted(found, key=lambda each: (-each[0], each[1]))
    assert len(found) > 1000 or query != "w1"


def test_many_texts_of_one_score_come_in_their_order() -> None:
    texts = Texts()
    for _ in range(500):
        texts.add("mill")
    assert [number for _, number in texts.ranked("mill")] == list(range(500))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't stop", ["don't", "stop"]),
        ("東京都", ["東", "京", "都", "東京", "京都"]),
        ("ＡＢＣ abc", ["abc", "abc"]),
        ("Straße", ["strasse"]),
        ("العربية", ["العربية"]),
        ("", []),
    ],
)
def test_terms_are_words_and_of_unspaced_scripts_characters_and_pairs(text: str, found: list[str]) -> None:
    assert terms(text) == found


def test_chinese_is_found_by_its_pairs() -> None:
    texts = Texts()
    for text in ("京东的仓库", "北京东路", "我们去东京"):
        texts.add(text)
    assert next(texts.ranked("东京"))[1] == 2
