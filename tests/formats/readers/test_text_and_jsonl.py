from __future__ import annotations

import os
from pathlib import Path

import pytest

from atk_interp.formats.readers import READERS, CannotRead, Document, Problem, find_files, read_file
from atk_interp.values import decode, encode


def read(path: Path, required: tuple[str, ...] = ("text",)) -> tuple[list[Document], list[Problem]]:
    found = list(read_file(path, path.parent, required))
    documents = [one for one in found if isinstance(one, Document)]
    return documents, [one for one in found if isinstance(one, Problem)]


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_readers_are_listed_by_suffix() -> None:
    texts = [".txt", ".md", ".html", ".htm", ".epub", ".pdf", ".docx"]
    assert list(READERS) == [*texts, ".jsonl", ".json", ".csv", ".tsv", ".parquet", ".arrow"]


@pytest.mark.parametrize("name", ["a.txt", "a.md", "A.TXT"])
def test_a_text_is_one_document_with_unix_line_ends(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, b"\xef\xbb\xbf# One\r\n\r\ntwo\rthree\n")
    assert read(path) == ([Document(name, {"text": "# One\n\ntwo\nthree\n"}, 0)], [])


def test_a_source_is_relative_to_the_folder(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    path = written(tmp_path / "deep" / "a.txt", b"text")
    assert [one.source for one in read_file(path, tmp_path)] == ["deep/a.txt"]


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("suffix", [".txt", ".md", ".html", ".jsonl"])
def test_an_empty_file_is_told(tmp_path: Path, data: bytes, suffix: str) -> None:
    documents, problems = read(written(tmp_path / f"a{suffix}", data))
    assert documents == []
    assert [problem.message for problem in problems] == ["the file is empty; skipped"]


@pytest.mark.parametrize("suffix", [".pdf", ".docx"])
def test_an_empty_office_file_is_told(tmp_path: Path, suffix: str) -> None:
    documents, problems = read(written(tmp_path / f"a{suffix}", b""))
    assert documents == []
    assert [problem.message for problem in problems] == ["the file is empty; skipped"]


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    documents, problems = read(written(tmp_path / "a.txt", b"\x89PNG\r\n\0\0"))
    assert documents == []
    assert problems[0].message == "the file holds NUL or control bytes and is no text; skipped"


@pytest.mark.slow
def test_an_old_encoding_is_guessed_and_told(tmp_path: Path) -> None:
    text = "Die Größe der Flüsse ist in Österreich äußerst verschieden; man mißt sie über Jahre. " * 5
    documents, problems = read(written(tmp_path / "a.txt", text.encode("cp1252")))
    assert documents[0].fields == {"text": text}
    assert [(problem.message, problem.level) for problem in problems] == [
        ("read as `cp1252`, which is a guess", "notice")
    ]


def test_undecodable_bytes_are_counted_and_placed(tmp_path: Path) -> None:
    documents, problems = read(written(tmp_path / "a.txt", "ä ö ü ß é ".encode() + b"\xff."))
    assert documents[0].fields == {"text": "ä ö ü ß é \ufffd."}
    assert str(problems[0]) == "a.txt: 1 byte is not valid `utf-8`, at offset 15; each became U+FFFD"
    assert problems[0].level == "warning"


def test_utf16_with_a_mark_is_read(tmp_path: Path) -> None:
    documents, problems = read(written(tmp_path / "a.txt", "Grüße\r\n".encode("utf-16")))
    assert documents[0].fields == {"text": "Grüße\n"}
    assert problems == []


@pytest.mark.parametrize("suffix", READERS)
def test_a_file_that_is_gone_is_told(tmp_path: Path, suffix: str) -> None:
    documents, problems = read(tmp_path / f"gone{suffix}")
    assert documents == []
    assert str(problems[0]) == f"gone{suffix}: the file cannot be read (No such file or directory); skipped"


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match=r"`a\.xyz` is not read"):
        list(read_file(tmp_path / "a.xyz", tmp_path))


def test_a_folder_holds_the_files_that_have_a_reader(tmp_path: Path) -> None:
    for name in ("b.txt", "a.md", "c.xyz"):
        (tmp_path / name).write_text(name)
    assert [file.name for file in find_files(tmp_path).files] == ["a.md", "b.txt"]


def test_each_line_of_jsonl_is_a_document_with_its_fields(tmp_path: Path) -> None:
    lines = b'\xef\xbb\xbf{"text": "one", "n": 1}\r\n\n{"text": "three", "tags": ["a", null]}'
    assert read(written(tmp_path / "a.jsonl", lines)) == (
        [
            Document("a.jsonl", {"text": "one", "n": 1}, 1),
            Document("a.jsonl", {"text": "three", "tags": ["a", None]}, 3),
        ],
        [],
    )


def test_a_broken_line_is_told_and_the_others_kept(tmp_path: Path) -> None:
    lines = [
        b'{"text": "one"}',
        b'{"text": "two"',
        b'"three"',
        b"[4]",
        b'{"txt": "five"}',
        b'{"text": 6}',
        b'{"text": " "}',
        b'{"text": "caf\xe9"}',
        b'{"text": NaN}',
        b'{"text": "ten"}',
    ]
    documents, problems = read(written(tmp_path / "a.jsonl", b"\n".join(lines)))
    assert [(one.ordinal, one.fields["text"]) for one in documents] == [(1, "one"), (10, "ten")]
    told = [(problem.where, problem.message) for problem in problems]
    assert told[0][0] == "line 2"
    assert told[0][1].startswith("not valid JSON (unexpected end of data")
    assert told[1:5] == [
        ("line 3", "a text instead of a record; skipped"),
        ("line 4", "a list instead of a record; skipped"),
        ("line 5", "no field `text`; skipped"),
        ("line 6", "the field `text` holds a number, not a text (6); skipped"),
    ]
    assert told[5] == ("line 7", "the field `text` is empty; skipped")
    assert [problem.help for problem in problems[5:]] == [
        None,
        "save the file as UTF-8",
        "write one whole JSON record on each line",
    ]
    assert problems[3].help == "did you mean `txt`?"


def nested(depth: int) -> bytes:
    """A record that is so deep, the record itself counted."""
    return b'{"text": "deep", "n": ' + b"[" * (depth - 1) + b"1" + b"]" * (depth - 1) + b"}"


@pytest.mark.parametrize("depth", [101, 254, 255, 900])
def test_a_record_that_could_not_be_written_again_is_a_bad_line(tmp_path: Path, depth: int) -> None:
    wide = b'{"text": "' + b"[{" * 500 + b'", "wide": [' + b"[]," * 500 + b"[]]}"
    documents, problems = read(written(tmp_path / "a.jsonl", b"\n".join((nested(depth), wide, nested(100)))))
    assert [one.ordinal for one in documents] == [2, 3]
    assert [str(problem) for problem in problems] == [
        "a.jsonl, line 1: the record is nested more than 100 deep; skipped"
    ]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (b"NaN", "not valid JSON"),
        (b"-Infinity", "not valid JSON"),
        (rb'"\ud800"', "not valid JSON"),
        (rb'{"\udc00": 1}', "not valid JSON"),
        (b"1e999", "not valid JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "not valid JSON"),
        (b"18446744073709551615", None),
        (b"18446744073709551616", "a whole number has more than 64 bits"),
        (b"-123456789012345678901234567890", "a whole number has more than 64 bits"),
        (rb'"\u0000"', None),
    ],
)
def test_what_is_read_can_be_written_again(tmp_path: Path, value: bytes, told: str | None) -> None:
    documents, problems = read(written(tmp_path / "a.jsonl", b'{"text": "one", "n": ' + value + b"}"))
    assert [problem.message.startswith(str(told)) for problem in problems] == ([True] if told else [])
    assert all(decode(encode(one.fields)) == one.fields for one in documents)


def test_the_caller_names_the_fields_that_a_record_needs(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", b'{"question": "Why?", "answer": ""}\n{"question": "Who?"}')
    documents, problems = read(path, ("question", "answer"))
    assert [one.fields for one in documents] == [{"question": "Why?", "answer": ""}]
    help = "its fields are `question`; where only some records have it, declare `answer: {type: any, optional: true}`"
    assert (problems[0].message, problems[0].help) == ("no field `answer`; skipped", help)


def test_a_text_among_records_is_told_when_other_fields_are_needed(tmp_path: Path) -> None:
    documents, problems = read(written(tmp_path / "a.txt", b"text"), ("question",))
    assert documents == []
    assert problems[0].message == "the file is a text and has no field `question`; skipped"


def test_the_same_fault_on_many_lines_is_counted(tmp_path: Path) -> None:
    documents, problems = read(written(tmp_path / "a.jsonl", b'{"a": 1}\n' * 1000 + b'{"text": "last"}'))
    assert [one.ordinal for one in documents] == [1001]
    assert len(problems) == 21
    assert problems[-1].message == "980 further lines with the same fault (no field `text`); skipped"


def test_a_line_of_no_end_is_skipped_without_being_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atk_interp.formats.readers.json_text.LONGEST", 1 << 20)
    path = written(tmp_path / "a.jsonl", b'{"text": "' + b"x" * (3 << 20) + b'"}\n{"text": "next"}\n')
    documents, problems = read(path)
    assert [(one.ordinal, one.fields["text"]) for one in documents] == [(2, "next")]
    assert str(problems[0]) == "a.jsonl, line 1: the line is longer than 1 MB; skipped"


def test_jsonl_is_read_line_by_line(tmp_path: Path) -> None:
    """The first document is there although the file behind it is endless (a pipe that stays open)."""
    pipe = tmp_path / "a.jsonl"
    os.mkfifo(pipe)
    both = os.open(pipe, os.O_RDWR)
    try:
        os.write(both, b'{"text": "one"}\n')
        documents = read_file(pipe, tmp_path)
        assert next(documents) == Document("a.jsonl", {"text": "one"}, 1)
        documents.close()  # type: ignore[attr-defined]
    finally:
        os.close(both)


def test_a_whole_number_that_would_lose_digits_is_told_and_not_changed(tmp_path: Path) -> None:
    numbers = ("9223372036854775807", "18446744073709551615", "18446744073709551616", "-9223372036854775809", "1.5e300")
    lines = "\n".join(f'{{"text": "12345678901234567890123", "n": {number}}}' for number in numbers)
    documents, problems = read(written(tmp_path / "a.jsonl", lines.encode()))
    assert [one.fields["n"] for one in documents] == [2**63 - 1, 2**64 - 1, 1.5e300]
    assert [problem.where for problem in problems] == ["line 3", "line 4"]
    assert "more than 64 bits" in problems[0].message
