"""Sentences that can be asked about, and how the question begins."""

from __future__ import annotations

import pytest

from atk_interp.expressions.askable import askable


@pytest.mark.parametrize(
    ("sentence", "opening"),
    [
        ("Roses need a warm wall because frost in April kills their buds.", "Why"),
        ("Heavy blocks that hold cables are called anchorages.", "What are heavy blocks that hold cables called"),
        (
            "In 1846 the American mechanic Elias Howe patented a sewing machine, and sold it in England.",
            "Who patented a sewing machine",
        ),
        (
            "About 1500 the Portuguese founded a port at the mouth of the river.",
            "Who founded a port at the mouth of the river",
        ),
        ("The tower was finished in 1759, built by John Smeaton.", "When was the tower finished"),
        (
            "The first tunnel under the Thames was designed by Marc Brunel.",
            "Who designed the first tunnel under the Thames",
        ),
        ("Glass was made in Egypt more than three thousand years ago.", "When was glass made"),
        ("Glass is made of sand, soda and lime.", "What is glass made of"),
        ("The glacier is a river of ice that flows downhill.", "What is the glacier"),
        ("The mixture for glass melts at about 1,500 degrees.", "At what temperature"),
        ("In a day a woodpecker strikes the bark about 12,000 times.", "How many times"),
        ("The bridge rests upon seven arches of granite.", "How many arches of granite"),
        ("Tall ferns multiply by shedding spores.", "How do tall ferns multiply"),
        ("Young otters eat fish and crayfish.", "What do young otters eat"),
        ("A good spoon holds about ten grams.", "How many grams"),
        ("The old harbour contains little water at low tide.", "What does the old harbour contain"),
    ],
)
def test_a_question_begins_as_the_form_of_the_sentence_has_it(sentence: str, opening: str) -> None:
    assert askable(f"{sentence} There is glass, too.") == [{"sentence": sentence, "opening": opening}]


@pytest.mark.parametrize(
    "sentence",
    [
        "It was built of brick in the year 1937.",
        "In spring the old queen and her workers are a swarm.",
        "This process is called tanning by everybody.",
        "Another reason is the weight of the roof.",
        "The second one was built by John Smeaton.",
        "For centuries paper was a rare thing.",
        "The documents are a work under copyright.",
        "Rain fell upon the hills all night long.",
        "Rust is red.",
        f"A wall is a row of {'very ' * 40}heavy stones.",
        "the wall is a row of heavy stones and",
    ],
)
def test_what_points_elsewhere_or_has_no_form_is_left_out(sentence: str) -> None:
    assert askable(sentence) == []


def test_a_first_word_keeps_the_capital_of_a_name() -> None:
    text = "Paris is a city of two million people. Fog is a cloud that touches the ground. Ships wait for fog to lift."
    assert [found["opening"] for found in askable(text)] == ["What is Paris", "What is fog"]
    assert [found["opening"] for found in askable("German sailors eat bread that was baked twice.")] == [
        "What do German sailors eat"
    ]


def test_a_long_text_is_gone_through_once() -> None:
    assert len(askable("The mill holds a stone of granite. " + "A " * 100_000 + "Bees eat pollen in the spring. ")) == 1
