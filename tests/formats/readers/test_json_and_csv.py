from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.formats.readers import Document, Problem, find_files, json_text, read_file


def read(path: Path, required: tuple[str, ...] = ("text",)) -> tuple[list[Document], list[str]]:
    found = list(read_file(path, path.parent, required))
    documents = [one for one in found if isinstance(one, Document)]
    return documents, [str(one) for one in found if isinstance(one, Problem)]


def written(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def texts(documents: list[Document]) -> list[object]:
    return [one.fields["text"] for one in documents]


def test_each_record_of_a_list_is_a_document(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", '\ufeff [{"text": "one, [two", "n": [1, {"a": 2}]},\n{"text": "three\\"]"}] \n')
    assert read(path) == (
        [Document("a.json", {"text": "one, [two", "n": [1, {"a": 2}]}, 1), Document("a.json", {"text": 'three"]'}, 2)],
        [],
    )


def test_a_broken_record_in_a_list_spoils_no_other(tmp_path: Path) -> None:
    documents, problems = read(written(tmp_path / "a.json", '[{"text": "1"}, {"text": oops}, 3, {"text": "4"}]'))
    assert texts(documents) == ["1", "4"]
    assert problems[0].startswith("a.json, record 2: not valid JSON")
    assert problems[1] == "a.json, record 3: a number instead of a record; skipped"


def test_a_list_that_is_cut_off_gives_what_is_whole(tmp_path: Path) -> None:
    documents, problems = read(written(tmp_path / "a.json", '[{"text": "1"}, {"text": "2"}, {"text": "thr'))
    assert texts(documents) == ["1", "2"]
    assert problems == ["a.json: the list does not end: the file was cut off, or a quote is missing; skipped"]


def test_an_empty_list_is_told(tmp_path: Path) -> None:
    assert read(written(tmp_path / "a.json", " [ ] ")) == ([], ["a.json: the list has no records; skipped"])


def test_more_after_a_list_is_told(tmp_path: Path) -> None:
    documents, problems = read(written(tmp_path / "a.json", '[{"text": "1"}][{"text": "2"}]'))
    assert texts(documents) == ["1"]
    assert problems == ["a.json: there is more after the end of the list; skipped"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"text": "one", "list": [{"a": 1}]}', [{"text": "one", "list": [{"a": 1}]}]),
        ('{"version": 2, "data": [{"text": "one"}, {"text": "two"}]}', [{"text": "one"}, {"text": "two"}]),
        ('{"a": {"text": "one"}, "b": {"text": "two"}}', [{"key": "a", "text": "one"}, {"key": "b", "text": "two"}]),
    ],
)
def test_an_object_is_a_record_or_holds_them(tmp_path: Path, content: str, expected: list[object]) -> None:
    documents, problems = read(written(tmp_path / "a.json", content))
    assert [one.fields for one in documents] == expected
    assert problems == []


def test_json_lines_by_another_name_are_read_line_by_line(tmp_path: Path) -> None:
    documents, problems = read(written(tmp_path / "a.json", '{"text": "1"}\n\n{"text": "2"}\nbad\n{"text": "5"}\n'))
    assert [(one.ordinal, one.fields["text"]) for one in documents] == [(1, "1"), (3, "2"), (5, "5")]
    assert problems[0].startswith("a.json, line 4: not valid JSON")


@given(st.lists(st.dictionaries(st.text(max_size=3), st.text() | st.lists(st.integers(-9, 9)), max_size=3), max_size=6))
def test_the_elements_of_a_list_are_found_however_it_is_cut(values: list[object]) -> None:
    """Pieces of one byte, so that every cut is tried."""
    import io

    for indent in (None, 2):
        stream = io.BytesIO(json.dumps(values, indent=indent, ensure_ascii=False).encode())
        stream.read(1)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(json_text, "_PIECE", 1)
            assert [json.loads(each) for each in json_text.values_in_list(stream)] == values


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_sign_between_cells_is_found(tmp_path: Path, sign: str) -> None:
    lines = [["text", "note"], ["one, two", "a;b"], ['"three\n3"', "c"]]
    path = written(
        tmp_path / "a.csv", "\r\n".join(sign.join(f'"{c}"' if sign in c else c for c in row) for row in lines)
    )
    documents, problems = read(path)
    assert [(one.ordinal, one.fields) for one in documents] == [
        (2, {"text": "one, two", "note": "a;b"}),
        (4, {"text": "three\n3", "note": "c"}),
    ]
    assert problems == []


def test_a_line_with_other_cells_is_told_and_skipped(tmp_path: Path) -> None:
    documents, problems = read(written(tmp_path / "a.csv", 'text,n\none,1\ntwo\nthree,3,4\n"fo"ur,4\n,5\nsix,\n'))
    assert [one.fields for one in documents] == [{"text": "one", "n": "1"}, {"text": "six", "n": ""}]
    assert problems == [
        "a.csv, line 3: another number of cells than there are names (1 instead of 2); skipped",
        "a.csv, line 4: another number of cells than there are names (3 instead of 2); skipped",
        "a.csv, line 5: not valid CSV (',' expected after '\"'); skipped",
        "a.csv, line 6: the field `text` is empty; skipped",
    ]


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("text,text", "two columns have the name `text`; skipped"),
        (",", "its first line has no name for any column; skipped"),
        ('"text', "the names of its columns cannot be read (unexpected end of data); skipped"),
        ("1,2.5", "its first line has numbers instead of names; skipped"),
    ],
)
def test_a_first_line_that_names_nothing_is_told(tmp_path: Path, head: str, told: str) -> None:
    assert read(written(tmp_path / "a.csv", f"{head}\na,b\n")) == ([], [f"a.csv: {told}"])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (",text,a\n0,one,x\n1,two,y\n", "column 1 without a name is left out"),
        ("text,a,\none,x,\ntwo,y,\n", "column 3 without a name is left out"),
        ("text,a,\none,x\ntwo,y\n", "column 3 without a name is left out"),
        ("text,,a,\none,1,x,\ntwo,2,y,\n", "columns 2, 4 without a name are left out"),
    ],
)
def test_columns_without_a_name_are_left_out_and_told_once(tmp_path: Path, content: str, told: str) -> None:
    documents, problems = read(written(tmp_path / "a.csv", content))
    assert [one.fields for one in documents] == [{"text": "one", "a": "x"}, {"text": "two", "a": "y"}]
    assert problems == [f"a.csv: {told}"]


def test_a_line_that_lacks_a_named_cell_is_still_told(tmp_path: Path) -> None:
    documents, problems = read(written(tmp_path / "a.csv", "text,a,\none\n"))
    assert documents == []
    assert problems[1].startswith("a.csv, line 2: another number of cells than there are names (1 instead of 3)")


@pytest.mark.parametrize("content", ["text,a\n", "text,a", "text,a\n\n"])
def test_a_table_with_names_alone_is_told(tmp_path: Path, content: str) -> None:
    told = "a.csv: the file has names of columns and no line below them; skipped"
    assert read(written(tmp_path / "a.csv", content)) == ([], [told])


def test_a_tsv_has_tabs_and_old_encodings_are_known(tmp_path: Path) -> None:
    data = ("text\tn\n" + "Größe, Maß und äußerst schöne Flüsse in Österreich\t1\n" * 20).encode("cp1252")
    documents, problems = read(written(tmp_path / "a.tsv", data))
    assert len(documents) == 20
    assert documents[0].fields["text"] == "Größe, Maß und äußerst schöne Flüsse in Österreich"
    assert problems == ["a.tsv: read as `cp1252`, which is a guess"]


def test_blank_lines_before_the_names_are_passed_over(tmp_path: Path) -> None:
    documents, problems = read(written(tmp_path / "a.csv", "\n\r\ntext,a\none,1\n"))
    assert ([(one.ordinal, one.fields) for one in documents], problems) == ([(4, {"text": "one", "a": "1"})], [])


def test_an_empty_table_is_told(tmp_path: Path) -> None:
    assert read(written(tmp_path / "a.csv", "")) == ([], ["a.csv: the file is empty; skipped"])


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.json.gz"])
def test_packed_files_are_unpacked_while_they_are_read(tmp_path: Path, name: str) -> None:
    documents, problems = read(written(tmp_path / name, gzip.compress(b'{"text": "one"}\n{"text": "two"}\n')))
    assert (texts(documents), problems) == (["one", "two"], [])


def test_a_zstd_file_is_unpacked(tmp_path: Path) -> None:
    import pyarrow  # type: ignore[import-untyped]

    with pyarrow.output_stream(str(tmp_path / "a.txt.zst"), compression="zstd") as stream:
        stream.write(b"one\r\ntwo")
    assert texts(read(tmp_path / "a.txt.zst")[0]) == ["one\ntwo"]


def test_a_packed_file_that_is_cut_off_gives_what_there_is(tmp_path: Path) -> None:
    lines = b"".join(b'{"text": "%d"}\n' % number for number in range(50_000))
    documents, problems = read(written(tmp_path / "a.jsonl.gz", gzip.compress(lines)[:-20_000]))
    assert documents
    assert problems[-1].startswith("a.jsonl.gz: the file is packed and damaged (Compressed file ended before")


def test_a_large_text_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("plain", "text_stream"):
        monkeypatch.setattr(f"atk_interp.formats.readers.{module}.SMALL", 1000)
    text = "".join(f"Paragraph {number} of a text äöü.\n\n" for number in range(200))
    documents, problems = read(written(tmp_path / "a.txt", text))
    parts = [str(part) for part in texts(documents)]
    assert "".join(parts) == text
    assert all(part.endswith("\n\n") for part in parts)
    assert [one.ordinal for one in documents] == list(range(1, len(parts) + 1))
    assert problems == [f"a.txt: the file is larger than 0 MB, and was read as {len(parts)} documents"]


@pytest.mark.slow
def test_the_encoding_of_a_large_text_is_found_where_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("plain", "text_stream"):
        monkeypatch.setattr(f"atk_interp.formats.readers.{module}.SMALL", 100_000)
    text = "plain words only. " * 20_000 + "Größe, Maß und äußerst schöne Flüsse in Österreich. " * 2000
    documents, problems = read(written(tmp_path / "a.txt", text.encode("cp1252")))
    assert "".join(str(part) for part in texts(documents)) == text
    assert problems[0] == "a.txt: read as `cp1252`, which is a guess"


def test_documents_are_not_read_packed(tmp_path: Path) -> None:
    written(tmp_path / "a.pdf.gz", gzip.compress(b"%PDF"))
    written(tmp_path / "b.TXT.GZ", gzip.compress(b"text"))
    found = find_files(tmp_path)
    assert [path.name for path in found.files] == ["b.TXT.GZ"]
    assert [problem.message for problem in found.problems] == ["1 file with suffix `.gz` is not read"]
