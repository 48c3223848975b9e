"""How a step uses another pipeline: with other prompts, several times, on rows in place of a source, for more rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atk_interp.lint import lint_path
from atk_interp.llm.messages import Request
from atk_interp.runtime import CannotRun
from support.pipelines import Ran, run, said, write_project

INNER = """\
spec: atk/v1
name: inner
params:
  output_dir: {type: path}
  input_dir: {type: path}
  size: {type: int, default: 9}
  mood: {type: text, default: calm}
models: {m: {expects: instruct}}
steps:
  documents: {kind: read, path: =input_dir}
  parts: {kind: map, from: documents, set: {text: "=text[:size]", drawn: '=[1, 2, 3, 4, 5, 6, 7, 8] | pick'}}
  asked: {kind: generate, from: parts, model: m, prompt: ask, parse: {text: reply}}
  rated: {kind: generate, from: asked, model: m, prompt: rate, parse: {text: rating}}
  worse: {kind: filter, from: asked, keep: text != "aa"}
outputs:
  rated.jsonl: {from: rated, format: jsonl}
  asked.jsonl: {from: asked, where: text != "cc", format: jsonl}
  worse.jsonl: {from: worse, format: jsonl}
"""
PROMPTS = {
    "inner/ask": '- user: "{{ mood }} {{ text }}"',
    "inner/rate": '- user: "rate {{ reply }}"',
    "inner/bold/ask": '- user: "bold {{ text }}"',
    "inner/lean/ask": '- user: "lean {{ text }}"',
    "inner/lean/rate": '- user: "lean rate {{ reply }}"',
    "inner/broken/ask": '- user: "{{ texxt }}"',
}
ROWS = (
    "rows: {kind: rows, rows: "
    "[{text: aa, of: one, more: 1}, {text: bb, of: two, more: 2}, {text: cc, of: one, more: 3}]}"
)


def spec(*steps: str, output: str = "used", params: str = "") -> str:
    lines = "\n      ".join((ROWS, *steps))
    return f"""\
    spec: atk/v1
    name: outer
    params: {{output_dir: {{type: path}}, {params}}}
    models: {{m: {{expects: any}}}}
    steps:
      {lines}
    outputs:
      out.jsonl: {{from: {output}, format: jsonl}}
    """


def used(more: str, name: str = "used") -> str:
    return f"{name}: {{kind: pipeline, from: rows, pipeline: pipeline_specs/inner, into: documents, {more}}}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pipeline_specs" / "inner").mkdir(parents=True)
    (tmp_path / "pipeline_specs" / "inner" / "pipeline.yaml").write_text(INNER)
    for name, text in PROMPTS.items():
        path = tmp_path / "prompts" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


async def ran(folder: Path, written: str, model: Any = said, **more: Any) -> Ran:
    found = await run(folder, written, model, **more)
    assert found.result.status == "done", found.result.message
    return found


def lint(folder: Path, written: str) -> list[str]:
    found = lint_path(write_project(folder, written)).sink.sorted()
    return [finding.message for finding in found if finding.is_error]


async def test_rows_take_the_place_of_a_source_with_the_fields_that_it_gives(folder: Path) -> None:
    """Nothing is read, and the parameter that only the source reads needs no value."""
    found = await ran(folder, spec(used("output: rated.jsonl, with: {size: 1}")))
    assert [{**row, "drawn": 0} for row in found.rows] == [
        {"text": text, "drawn": 0, "reply": f"calm {text}", "rating": f"rate calm {text}"} for text in "abc"
    ]
    assert found.count("used.documents") == {"rows_in": 3, "passed": 3, "rows_out": 3}
    again = await ran(folder, spec(used("output: rated.jsonl, with: {size: 1}")), lambda request: "never")
    assert (again.requests, again.bytes()) == ([], found.bytes())


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("output: asked", []),
        ("output: asked, with: {sise: 1}", ["pipeline `inner` has no parameter `sise`"]),
        ("output: asked, matrix: {kind_of: [1, 2]}", ["pipeline `inner` has no parameter `kind_of`"]),
        ("output: asked, matrix: {kind_of: [1, 2]}, with: {size: =kind_of}", []),
        ("output: asked, prompts: [bold, lean]", []),
        ("output: asked, prompts: bald", ["there is no folder `bald`"]),
        ("output: asked, prompts: broken", ["undefined variable `texxt`"]),
        ("output: asked, matrix: {way: [bold, bald]}, prompts: =way", ["there is no folder `bald`"]),
        ("output: asked, matrix: {way: [bold, broken]}, prompts: =way", ["undefined variable `texxt`"]),
        ("output: asked, matrix: {way: =ways}, prompts: =way.folder", ["there is no folder `bald`"]),
        ("output: asked, prompts: =3", ["`prompts` takes the name of a folder, and this is a whole number"]),
        ("output: asked, where: more > 1", ["`where` has no effect without `matrix`"]),
        (
            "output: asked, when: more > 1, repeats: 2",
            ["with `repeats` a row that passes the step by would come out several times"],
        ),
    ],
)
def test_what_does_not_fit_is_told(folder: Path, written: str, expected: list[str]) -> None:
    params = "ways: {type: list, default: [{folder: bold}, {folder: bald}]}"
    assert lint(folder, spec(used(written), params=params)) == expected


@pytest.mark.parametrize(
    ("into", "expected"),
    [
        ("into: document", "pipeline `inner` has no step `document`"),
        ("into: parts", "step `parts` of pipeline `inner` takes rows from within it"),
    ],
)
def test_a_place_that_rows_cannot_take_is_told(folder: Path, into: str, expected: str) -> None:
    written = spec(used("output: asked").replace("into: documents", into))
    assert lint(folder, written)[0] == expected
    lacking = written.replace(into, "into: documents").replace("text: ", "words: ")
    assert lint(folder, lacking) == ["pipeline `inner` takes rows with `text`, and these have none"]


async def test_prompts_of_folders_take_the_place_of_its_own_file_by_file(folder: Path) -> None:
    found = await ran(folder, spec(used("output: rated, prompts: [bold, lean]")))
    assert [row["rating"] for row in found.rows] == [f"lean rate bold {text}" for text in ("aa", "bb", "cc")]


async def test_each_combination_has_its_prompts(folder: Path) -> None:
    ways = 'matrix: {way: [{name: plain, folder: ""}, {name: bold, folder: bold}]}, prompts: =way.folder'
    found = await ran(folder, spec(used(f"output: rated, {ways}")))
    assert [(row["way"]["name"], row["reply"]) for row in found.rows[2:4]] == [
        ("plain", "calm cc"),
        ("bold", "bold aa"),
    ]
    changed = folder / "prompts" / "inner" / "bold" / "ask.yaml"
    changed.write_text('- user: "very bold {{ text }}"')
    again = await ran(folder, spec(used(f"output: rated, {ways}")))
    assert sorted({said(request) for request in again.requests}) == [
        *(f"rate very bold {text}" for text in ("aa", "bb", "cc")),
        *(f"very bold {text}" for text in ("aa", "bb", "cc")),
    ]


async def test_a_folder_that_is_known_with_the_config_alone_is_missed_before_any_call(folder: Path) -> None:
    written = spec(used("output: asked, prompts: =way"), params="way: {type: text}")
    with pytest.raises(CannotRun, match="there is no folder `bald`"):
        await run(folder, written, said, way="bald")


async def test_repeats_ask_for_other_replies_and_draw_anew(folder: Path) -> None:
    def model(request: Request) -> str:
        return f"{said(request)} {request.sample}"

    found = await ran(folder, spec(used("output: asked, repeats: 3")), model)
    assert [(row["repeat"], row["reply"]) for row in found.rows if row["text"] == "bb"] == [
        (1, "calm bb 0"), (2, "calm bb 2"), (3, "calm bb 5"),
    ]  # fmt: skip
    assert len({tuple(row["drawn"] for row in found.rows if row["repeat"] == number) for number in (1, 2, 3)}) > 1
    fewer = await ran(folder, spec(used("output: asked, repeats: 2")), lambda request: "never", output="fewer")
    assert fewer.requests == []
    assert fewer.rows == found.rows[:6]


async def test_a_combination_that_is_drawn_again_is_asked_anew(folder: Path) -> None:
    found = await ran(folder, spec(used("output: asked, matrix: {mood: [glad, sad]}, draws: 4")))
    assert sorted((said(request), request.sample) for request in found.requests) == sorted(
        (f"{mood} {text}", sample) for mood in ("glad", "sad") for text in ("aa", "bb", "cc") for sample in (0, 2)
    )


async def test_each_combination_takes_its_rows_and_what_none_takes_is_told(folder: Path) -> None:
    found = await ran(folder, spec(used("output: asked, matrix: {part: [one, none]}, where: of == part")))
    assert [(row["part"], row["text"]) for row in found.rows] == [("one", "aa"), ("one", "cc")]
    assert found.count("used.1.documents") == {"rows_in": 3, "passed": 2, "filtered": 1, "rows_out": 2}
    assert found.count("used.2.documents") == {}
    assert [(row["step"], row["label"]) for row in found.rejected] == [("used.1.documents", "where: of == part")]
    both = "output: asked, matrix: {part: [{name: one}, {name: two}]}, where: of == part.name, repeats: 2"
    found = await ran(folder, spec(used(both)), output="both")
    assert [(row["part"]["name"], row["repeat"], row["text"]) for row in found.rows] == [
        ("one", 1, "aa"), ("one", 1, "cc"), ("one", 2, "aa"), ("one", 2, "cc"), ("two", 1, "bb"), ("two", 2, "bb"),
    ]  # fmt: skip
    assert found.rejected == []


async def test_an_empty_list_of_a_matrix_is_no_use_of_it_and_no_rows(folder: Path) -> None:
    worse = "worse: {kind: result, of: used, output: worse.jsonl}"
    all_of = "all: {kind: map, from: [used, worse, rows], set: {n: 1}}"
    written = spec(
        used("output: asked, matrix: {mood: =moods}"), worse, all_of, output="all", params="moods: {type: list}"
    )
    found = await ran(folder, written, moods=[])
    assert [row["text"] for row in found.rows] == ["aa", "bb", "cc"]
    assert found.requests == []
    found = await ran(folder, written, moods=["glad"], output="glad")
    assert [row["text"] for row in found.rows] == ["aa", "bb", "cc", "bb", "cc", "aa", "bb", "cc"]


@pytest.mark.parametrize("more", ["", ", matrix: {mood: [glad, sad]}"])
async def test_several_results_come_from_one_use(folder: Path, more: str) -> None:
    """What they share is done once; a step that only one of them needs is done for that one."""
    worse = "worse: {kind: result, of: used, output: worse.jsonl}"
    rated = "rated: {kind: result, of: used, output: rated.jsonl}"
    all_of = "all: {kind: map, from: [used, worse, rated], set: {n: 1}}"
    written = spec(used(f"output: asked.jsonl{more}"), worse, rated, all_of, output="all")
    found = await ran(folder, written)
    moods = ["glad", "sad"] if more else ["calm"]
    expected = [f"{mood} {text}" for texts in (["aa", "bb"], ["bb", "cc"]) for mood in moods for text in texts]
    assert [row["reply"] for row in found.rows if row.get("rating") is None] == expected
    assert [row["rating"] for row in found.rows if "rating" in row] == [
        f"rate {mood} {text}" for mood in moods for text in ("aa", "bb", "cc")
    ]
    assert len(found.requests) == 6 * len(moods)
    assert {state.name for state in found.result.steps if "asked" in state.name} == (
        {"used.1.asked", "used.2.asked"} if more else {"used.asked"}
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("of: used, output: wurse.jsonl", ["pipeline `inner` has no output or step `wurse.jsonl`"]),
        ("of: rows, output: worse.jsonl", ["step `rows` uses no pipeline"]),
        ("of: usd, output: worse.jsonl", ["there is no step `usd`"]),
    ],
)
def test_a_result_that_is_not_there_is_told(folder: Path, written: str, expected: list[str]) -> None:
    result = f"worse: {{kind: result, {written}}}"
    assert lint(folder, spec(used("output: asked"), result, output="worse")) == expected
