"""Forms of files: what the real libraries read is what was written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets  # type: ignore[import-untyped]
import pandas  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atk_interp.expressions.types import FLOAT, INT, TEXT, ListType, RecordType, maybe
from atk_interp.formats.files import FORMS, Layout, form_of
from atk_interp.values import encode

_ROWS: list[dict[str, Any]] = [
    {"question": 'What is "salt", and why?\nSay it.', "score": 1, "tags": ["a", "b"], "good": True, "source": None},
    {"question": "什么是盐？", "score": 0.5, "tags": [], "good": False, "source": {"page": 3}},
]
_OPEN = RecordType(open=True)


def read_back(path: Path) -> Iterator[dict[str, Any]]:
    return FORMS[form_of(path.name)].read(path)


def written(path: Path, rows: list[dict[str, Any]], layout: Layout = _OPEN) -> Path:
    def records() -> Iterator[bytes]:
        return (encode(row) + b"\n" for row in rows)

    with path.open("wb") as file:
        assert FORMS[form_of(path.name)].write(records, layout, file.write) == len(rows)
    return path


def test_the_suffix_says_the_form() -> None:
    names = ("qa.jsonl", "qa.json", "qa.CSV", "sub/qa.parquet", "qa.txt", "qa")
    assert [form_of(name) for name in names] == ["lines", "array", "csv", "parquet", "lines", "lines"]


@pytest.mark.parametrize("suffix", ["jsonl", "json", "parquet"])
def test_what_is_read_back_is_what_was_written(suffix: str, tmp_path: Path) -> None:
    path = written(tmp_path / f"qa.{suffix}", _ROWS)
    assert list(read_back(path)) == _ROWS


def test_csv_is_text_with_null_as_nothing_and_structures_as_json(tmp_path: Path) -> None:
    path = written(tmp_path / "qa.csv", _ROWS)
    first, second = read_back(path)
    assert first == {
        "question": _ROWS[0]["question"],
        "score": "1",
        "tags": '["a","b"]',
        "good": "true",
        "source": "",
    }
    assert second["source"] == '{"page":3}'
    assert path.read_bytes().startswith(b"question,score,tags,good,source\r\n")


def test_csv_has_the_columns_of_its_layout_also_without_rows(tmp_path: Path) -> None:
    layout = RecordType({"b": TEXT, "a": INT})
    assert written(tmp_path / "none.csv", [], layout).read_text() == "b,a\n"
    assert written(tmp_path / "one.csv", [{"a": 1}], layout).read_text() == "b,a\n,1\n"


@pytest.mark.parametrize("suffix", ["jsonl", "json", "csv", "parquet"])
def test_pandas_reads_every_form(suffix: str, tmp_path: Path) -> None:
    path = written(tmp_path / f"qa.{suffix}", _ROWS)
    match suffix:
        case "jsonl":
            frame = pandas.read_json(path, lines=True)
        case "json":
            frame = pandas.read_json(path)
        case "csv":
            frame = pandas.read_csv(path)
        case _:
            frame = pandas.read_parquet(path)
    assert frame["question"].tolist() == [row["question"] for row in _ROWS]
    assert frame["score"].tolist() == [1, 0.5]


@pytest.mark.parametrize(("suffix", "builder"), [("jsonl", "json"), ("json", "json"), ("csv", "csv"), ("parquet",) * 2])
def test_datasets_reads_every_form(suffix: str, builder: str, tmp_path: Path) -> None:
    path = written(tmp_path / f"qa.{suffix}", _ROWS)
    loaded = datasets.load_dataset(builder, data_files=str(path), cache_dir=str(tmp_path / "cache"), split="train")
    assert loaded["question"][:] == [row["question"] for row in _ROWS]


def test_columns_have_the_types_that_are_known_and_are_widened_by_what_comes(tmp_path: Path) -> None:
    layout = RecordType({"score": INT, "ratio": FLOAT, "note": maybe(TEXT), "turns": ListType(TEXT)})
    rows: list[dict[str, Any]] = [
        {"score": 1, "ratio": 1, "note": None, "turns": []},
        {"score": 0.5, "ratio": 2, "note": None, "turns": []},
    ]
    schema = pyarrow.parquet.read_schema(written(tmp_path / "typed.parquet", rows, layout))
    assert {field.name: str(field.type) for field in schema} == {
        "score": "double",
        "ratio": "double",
        "note": "string",
        "turns": "list<element: string>",
    }
    empty = pyarrow.parquet.read_schema(written(tmp_path / "empty.parquet", [], layout))
    assert [str(field.type) for field in empty] == ["int64", "double", "string", "list<element: string>"]


def test_values_with_nothing_in_common_become_json(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"v": 1, "w": {}}, {"v": "a", "w": None}, {"v": [1], "w": {}}, {"v": 2**63, "w": {}}]
    found = list(read_back(written(tmp_path / "mixed.parquet", rows)))
    assert [json.loads(row["v"]) for row in found] == [1, "a", [1], 2**63]
    assert [row["w"] for row in found] == ["{}", None, "{}", "{}"]


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    for suffix in ("jsonl", "json", "csv", "parquet"):
        first = written(tmp_path / f"a.{suffix}", _ROWS).read_bytes()
        assert first == written(tmp_path / f"b.{suffix}", _ROWS).read_bytes()


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.fixed_dictionaries({"a": _VALUES, "b": _VALUES}), max_size=5))
def test_parquet_takes_any_records(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> None:
    path = written(tmp_path_factory.mktemp("any") / "any.parquet", rows)
    assert len(list(read_back(path))) == len(rows)


def test_what_is_no_parquet_file_is_an_error_of_value(tmp_path: Path) -> None:
    path = tmp_path / "broken.parquet"
    path.write_bytes(b"no parquet")
    with pytest.raises(ValueError):  # noqa: PT011 - the words are those of the library
        next(read_back(path))
