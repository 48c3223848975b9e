"""The `loop` kind: rounds, their end, their books, and what lint knows of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.llm.messages import Request
from support.lint_text import analysed, found_in
from support.pipelines import Ran, run, said
from support.slow_model import Slow

LOOP = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: bbb}, {text: cc}]}
      longer:
        kind: loop
        from: given
        until: text | length >= 4
        max_rounds: ROUNDS
        on_exhausted: EXHAUSTED
        steps:
          more: {kind: generate, model: m, prompt: ask, parse: {text: reply}}
          taken: {kind: map, set: {text: =reply, rounds: =round}}
    outputs:
      out.jsonl: {from: longer, format: jsonl}
    """


def spec(rounds: int = 9, exhausted: str = "reject") -> str:
    return LOOP.replace("ROUNDS", str(rounds)).replace("EXHAUSTED", exhausted)


def longer(request: Request) -> str:
    return said(request) + "x"


async def test_a_row_goes_round_until_the_expression_holds(tmp_path: Path) -> None:
    ran = await run(tmp_path, spec(), longer)

    assert [(row["text"], row["rounds"]) for row in ran.rows] == [("axxx", 3), ("bbbx", 1), ("ccxx", 2)]
    assert ran.count("longer") == {"rows_in": 3, "passed": 3, "rows_out": 3}
    assert ran.count("longer.more") == {"rows_in": 6, "passed": 6, "rows_out": 6, "called": 6}
    assert ran.count("longer.taken") == {"rows_in": 6, "passed": 6, "rows_out": 6}


@pytest.mark.parametrize(
    ("exhausted", "texts", "books", "lost"),
    [
        ("keep", ["axx", "bbbx", "ccxx"], {"passed": 3, "rows_out": 3}, []),
        ("drop", ["bbbx", "ccxx"], {"passed": 2, "filtered": 1, "rows_out": 2}, ["filtered"]),
        ("reject", ["bbbx", "ccxx"], {"passed": 2, "rejected": 1, "rows_out": 2}, ["rejected"]),
    ],
)
async def test_what_becomes_of_a_row_after_the_last_round(
    tmp_path: Path, exhausted: str, texts: list[str], books: dict[str, int], lost: list[str]
) -> None:
    ran = await run(tmp_path, spec(2, exhausted), longer)

    assert [row["text"] for row in ran.rows] == texts
    assert ran.count("longer") == {"rows_in": 3, **books}
    assert [row["outcome"] for row in ran.rejected] == lost
    assert {row["label"] for row in ran.rejected} <= {"not after 2 rounds: text | length >= 4"}


async def test_a_row_that_a_step_of_the_loop_loses_is_lost_to_the_loop(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        """
        steps:
          given: {kind: rows, rows: [{text: a}, {text: bb}]}
          longer:
            kind: loop
            from: given
            until: text | length >= 3
            steps:
              short: {kind: filter, keep: text != "ax"}
              more: {kind: generate, model: m, prompt: ask, parse: {text: text}, attempts: 1}
        outputs:
          out.jsonl: {from: longer, format: jsonl}
        """,
        longer,
    )
    assert [row["text"] for row in ran.rows] == ["bbx"]
    assert ran.count("longer") == {"rows_in": 2, "passed": 1, "filtered": 1, "rows_out": 1}
    assert ran.count("longer.short") == {"rows_in": 3, "passed": 2, "filtered": 1, "rows_out": 2}
    assert [(row["step"], row["label"]) for row in ran.rejected] == [("longer.short", 'keep: text != "ax"')]


async def test_the_same_question_in_a_later_round_is_another_sample(tmp_path: Path) -> None:
    def model(request: Request) -> str:
        return "good" if request.sample == 2 else "bad"

    ran = await run(
        tmp_path,
        """
        steps:
          given: {kind: rows, rows: [{text: a}]}
          tried:
            kind: loop
            from: given
            until: reply == "good"
            steps:
              asked: {kind: generate, model: m, prompt: ask, parse: {text: reply}}
        outputs:
          out.jsonl: {from: tried, format: jsonl}
        """,
        model,
    )
    assert [row["reply"] for row in ran.rows] == ["good"]
    assert [request.sample for request in ran.requests] == [0, 1, 2]


NESTED = """
    steps:
      given: {kind: rows, rows: [ROWS]}
      whole:
        kind: loop
        from: given
        until: outer >= 2
        max_rounds: 3
        steps:
          before: {kind: map, set: {outer: =round}}
          inner:
            kind: loop
            until: mark == "y" or round >= 3
            max_rounds: 4
            steps:
              voted: {kind: vote, model: m, prompt: judge, parse: {choice: [y, n], into: votes}, votes: 2,
                      pass: votes | length > 0}
              marked: {kind: map, set: {mark: "=votes | first", seen: =round}}
      after: {kind: map, from: whole, when: text != "t1", set: {n: =outer + seen}}
    outputs:
      out.jsonl: {from: after, format: jsonl}
    """.replace("ROWS", ", ".join(f"{{text: t{number}}}" for number in range(10)))
JUDGE = {"judge": '- user: "{{ text }} {{ outer }} {{ round }}"'}


class Fickle(Slow):
    """Answers y or n by what is asked, sometimes neither, and takes its time."""

    def text(self, request: Request) -> str:
        return "yn?"[sum(map(ord, said(request))) * (request.sample + 2) % 3]


async def nested(folder: Path, concurrency: int, seed: int) -> Ran:
    return await run(
        folder,
        NESTED,
        Fickle(seed),
        JUDGE,
        settings={"concurrency": concurrency},
        ledger=f"{seed}.db",
        output=f"{seed}",
    )


async def test_loops_in_loops_give_the_same_bytes_at_any_concurrency(tmp_path: Path) -> None:
    calm = await nested(tmp_path, 1, 0)
    wild = await nested(tmp_path, 32, 1)

    assert calm.result.status == wild.result.status == "done"
    assert calm.bytes() == wild.bytes()
    assert len(calm.rows) > 3
    for state in calm.result.steps:
        assert state.rows_in == state.passed + state.filtered + state.rejected + state.merged
    assert (calm.count("whole.before")["rows_in"], calm.count("whole.inner")["rows_in"]) > (10, 10)


async def test_a_loop_that_is_cut_off_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = await nested(tmp_path, 4, 0)
    first = Fickle(2, refuses_after=15)
    cut = await run(tmp_path, NESTED, first, JUDGE, ledger="cut.db", output="cut")
    second = Fickle(3)
    again = await run(tmp_path, NESTED, second, JUDGE, ledger="cut.db", output="cut")

    assert cut.result.status == "impossible"
    assert again.bytes() == whole.bytes()
    assert not {request.key() for request in first.answered} & {request.key() for request in second.requests}


async def test_a_loop_without_a_limit_stops_the_run_at_last(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        """
        steps:
          given: {kind: rows, rows: [{text: a}]}
          endless: {kind: loop, from: given, until: n < 0, steps: {more: {kind: map, set: {n: =round}}}}
        outputs:
          out.jsonl: {from: endless, format: jsonl}
        """,
        longer,
    )
    assert ran.result.status == "stopped"
    assert ran.result.message.startswith("step `endless` has gone 1000 rounds with row ")


A = "  a: {kind: rows, rows: [{text: x, n: 1}]}\n"


def loop(steps: str, until: str = "score > 5", more: str = "") -> str:
    return A + f"  b:\n    kind: loop\n    from: a\n    until: {until}\n{more}    steps:\n{steps}"


SCORED = "      judged: {kind: map, set: {score: 3}}\n"


def test_what_a_later_step_writes_is_null_for_those_before_it_in_the_first_round() -> None:
    steps = "      improved: {kind: map, when: score is not none, set: {text: =score | string, n: =n + 0.5}}\n"
    analysis, found = analysed(loop(steps + SCORED))

    assert found == []
    inner = analysis.views["b.improved"].input.fields
    assert {name: str(type_) for name, type_ in inner.items()} == {"text": "text", "n": "float", "score": "int"}
    assert {name: str(type_) for name, type_ in analysis.fields["b"].fields.items()} == {
        "text": "text", "n": "float", "score": "int",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (loop(SCORED, "n > 5"), [("ATK537", "n > 5")]),
        (loop(SCORED, "n > 5", "    max_rounds: 3\n"), []),
        (loop(SCORED, "round > 5"), []),
        (loop(SCORED, "scor > 5"), [("ATK302", "scor")]),
        (loop("      judged: {kind: map, set: {score: =scor}}\n"), [("ATK302", "scor")]),
        (loop("      first: {kind: map, set: {y: =score + 1}}\n" + SCORED), [("ATK309", "score")]),
        (loop(SCORED + "      cut: {kind: chunk, max_tokens: 9}\n"), [("ATK538", "chunk")]),
        (loop(SCORED + "      s: {kind: sort, by: n}\n"), [("ATK538", "sort")]),
        (loop(SCORED + "      r: {kind: rows, rows: [{x: 1}]}\n"), [("ATK538", "rows")]),
        (loop("      judged: {kind: map, from: a, set: {score: 3}}\n"), [("ATK201", "from")]),
        (loop("      judged: {kind: map, set: {round: 3}}\n", "n > 1"), [("ATK537", "n > 1"), ("ATK501", "round")]),
        (loop("      judged: {kind: mapp, set: {score: 3}}\n"), [("ATK206", "mapp")]),
    ],
)
def test_a_mistake_in_a_loop_is_told_once(spec: str, expected: list[tuple[str, str]]) -> None:
    assert found_in(spec) == expected
