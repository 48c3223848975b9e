from __future__ import annotations

import datetime
import decimal
from pathlib import Path
from typing import Any

import datasets  # type: ignore[import-untyped]
import pyarrow  # type: ignore[import-untyped]
import pytest
from pyarrow import ipc, parquet

from atk_interp.formats.readers import Document, Problem, find_files, read_file


def read(path: Path, root: Path | None = None) -> tuple[list[Document], list[str]]:
    found = list(read_file(path, root or path.parent))
    documents = [one for one in found if isinstance(one, Document)]
    return documents, [str(one) for one in found if isinstance(one, Problem)]


def test_each_row_of_parquet_is_a_document_with_values_as_json_has_them(tmp_path: Path) -> None:
    row: dict[str, Any] = {
        "text": "one",
        "n": 1,
        "share": 0.5,
        "tags": ["a", None],
        "deep": {"a": [{"b": True}]},
        "when": datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
        "day": datetime.date(2024, 1, 2),
        "took": datetime.timedelta(minutes=1),
        "price": decimal.Decimal("1.50"),
        "raw": b"\x00\xff",
    }
    table = pyarrow.Table.from_pylist([row, {"text": "two"}])
    parquet.write_table(table, tmp_path / "a.parquet")
    documents, problems = read(tmp_path / "a.parquet")
    assert problems == []
    assert documents[0].fields == {
        "text": "one",
        "n": 1,
        "share": 0.5,
        "tags": ["a", None],
        "deep": {"a": [{"b": True}]},
        "when": "2024-01-02T03:04:05+00:00",
        "day": "2024-01-02",
        "took": 60.0,
        "price": "1.50",
        "raw": "AP8=",
    }
    assert [one.ordinal for one in documents] == [1, 2]
    assert documents[1].fields["tags"] is None


@pytest.mark.parametrize(("number", "told"), [("nan", "nan"), ("-inf", "-inf")])
def test_a_row_with_a_number_that_json_lacks_is_told_and_skipped(tmp_path: Path, number: str, told: str) -> None:
    rows = [{"text": "one", "share": 0.5, "more": None}, {"text": "two", "share": float(number), "more": None}]
    deep = {"text": "three", "share": None, "more": {"deep": [float(number)]}}
    parquet.write_table(pyarrow.Table.from_pylist([*rows, deep]), tmp_path / "a.parquet")
    documents, problems = read(tmp_path / "a.parquet")
    assert [one.fields["text"] for one in documents] == ["one"]
    assert problems == [
        f"a.parquet, row 2: the field `share` holds {told}, which is no number of JSON; skipped",
        f"a.parquet, row 3: the field `more` holds {told}, which is no number of JSON; skipped",
    ]


def test_a_table_without_rows_is_told(tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table({"text": pyarrow.array([], pyarrow.string())}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == ([], ["a.parquet: the table has no rows; skipped"])


def test_a_damaged_row_group_is_told_and_the_others_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = pyarrow.table({"text": [f"text {number}" for number in range(30)]})
    parquet.write_table(rows, path, row_group_size=10, use_dictionary=False, compression="snappy")
    at = parquet.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    data = bytearray(path.read_bytes())
    data[at : at + 20] = b"\xff" * 20
    path.write_bytes(data)
    documents, problems = read(path)
    assert [one.ordinal for one in documents] == [*range(1, 11), *range(21, 31)]
    assert problems == ["a.parquet, rows 11 to 20: a row group is damaged; skipped"]


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_what_is_no_table_is_told(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a{suffix}").write_bytes(b"nothing of the sort at all")
    documents, problems = read(tmp_path / f"a{suffix}")
    assert documents == []
    assert problems[0].startswith(f"a{suffix}: the file is damaged or of another format (")
    (tmp_path / f"a{suffix}").write_bytes(b"")
    assert read(tmp_path / f"a{suffix}")[1] == [f"a{suffix}: the file is empty; skipped"]


@pytest.mark.parametrize("new", [ipc.new_file, ipc.new_stream])
def test_arrow_files_and_streams_are_read(tmp_path: Path, new: Any) -> None:
    table = pyarrow.table({"text": ["one", " ", "three"]})
    with pyarrow.OSFile(str(tmp_path / "a.arrow"), "wb") as sink, new(sink, table.schema) as writer:
        writer.write_table(table, 2)
    documents, problems = read(tmp_path / "a.arrow")
    assert [one.fields["text"] for one in documents] == ["one", "three"]
    assert problems == ["a.arrow, row 2: the field `text` is empty; skipped"]


def test_a_dataset_on_disk_gives_the_rows_of_its_splits(tmp_path: Path) -> None:
    datasets.disable_progress_bars()
    train = datasets.Dataset.from_dict({"text": [f"train {number}" for number in range(4)]})
    splits = datasets.DatasetDict({"train": train, "test": datasets.Dataset.from_dict({"text": ["test 0"]})})
    splits.save_to_disk(str(tmp_path / "set"), num_shards={"train": 2, "test": 1})
    (tmp_path / "set" / "train" / "cache-1234.arrow").write_bytes(b"what `map` keeps")
    found = find_files(tmp_path / "set")
    assert found.problems == ()
    rows = [document for file in found.files for document in read(file, found.root)[0]]
    assert [(one.source, one.fields["text"]) for one in rows] == [
        ("test/data-00000-of-00001.arrow", "test 0"),
        ("train/data-00000-of-00002.arrow", "train 0"),
        ("train/data-00000-of-00002.arrow", "train 1"),
        ("train/data-00001-of-00002.arrow", "train 2"),
        ("train/data-00001-of-00002.arrow", "train 3"),
    ]
    one = find_files(tmp_path / "set" / "train")
    assert [file.name for file in one.files] == ["data-00000-of-00002.arrow", "data-00001-of-00002.arrow"]


def test_rows_stand_in_their_order_in_a_dataset_of_selected_rows(tmp_path: Path) -> None:
    datasets.disable_progress_bars()
    whole = datasets.Dataset.from_dict({"text": [str(number) for number in range(9)]})
    whole.select([7, 1, 3]).save_to_disk(str(tmp_path / "set"))
    found = find_files(tmp_path / "set")
    assert [one.fields["text"] for file in found.files for one in read(file)[0]] == ["7", "1", "3"]
