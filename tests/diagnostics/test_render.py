"""The formats in which findings are printed."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.diagnostics import Code, Diagnostic, Edit, Fix, Label, Severity, Sink
from atk_interp.diagnostics.render import FORMATS, render_short, render_text, summary
from atk_interp.diagnostics.render.github import render_github
from atk_interp.diagnostics.render.json import render_json
from atk_interp.diagnostics.render.junit import render_junit
from atk_interp.source import SourceFile, Span

FILE = SourceFile("a.yaml", "one: 1\n\ttwo: [2, 2]\nthree: 3\n")
ERROR = Code("ATK302", "unknown-name", Severity.ERROR, "f", "w", "b", "g")
NOTICE = Code("ATK701", "unknown-setting", Severity.NOTICE, "f", "w", "b", "g")
FIX = Fix("t", (Edit(Span(FILE, 0, 3), "won"),))
YAML = Code("ATK102", "yaml-syntax", Severity.ERROR, "f", "w", "b", "g")


def test_text_shows_place_line_underline_notes_and_help() -> None:
    span = Span(FILE, FILE.text.index("two"), FILE.text.index("two") + 3)
    label = Label(Span(FILE, 0, 3), "first here")
    found = Diagnostic(ERROR, "unknown name `two`", span, "here", (label,), ("a note",), "a help")

    assert render_text([found]).splitlines() == [
        "a.yaml:2:2: error[ATK302] unknown-name: unknown name `two`",
        "2 | \ttwo: [2, 2]",
        "  | \t^^^ here",
        "1 | one: 1",
        "  | --- first here",
        "  = note: a note",
        "  = help: a help",
    ]


def test_a_label_in_another_file_names_it() -> None:
    other = SourceFile("b.yaml", "x: 1\n")
    found = Diagnostic(ERROR, "m", Span(FILE, 0, 3), labels=(Label(Span(other, 0, 1), "there"),))

    assert "  ::: b.yaml:1:1" in render_text([found])


def test_a_finding_without_a_place_is_one_line() -> None:
    assert render_text([Diagnostic(ERROR, "m")]) == "error[ATK302] unknown-name: m\n"


def test_colours_are_only_for_those_who_ask() -> None:
    found = Diagnostic(ERROR, "m", Span(FILE, 0, 3))

    assert "\x1b" not in render_text([found])
    coloured = render_text([found], colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render_text([found])
    assert coloured.count("\x1b[") == 2 * coloured.count("\x1b[0m")


def test_what_the_file_holds_cannot_command_the_terminal() -> None:
    file = SourceFile("a.yaml", "a: \x1b[2J\x07\u202e!\n")

    assert re.findall(r"[\x00-\x08\x0b-\x1f\u202e]", render_text([Diagnostic(ERROR, "m", Span(file, 3, 4))])) == []


def test_a_long_line_is_cut_to_the_neighbourhood() -> None:
    file = SourceFile("a.yaml", "x" * 5_000 + "BAD" + "y" * 5_000)
    _, line, marks = render_text([Diagnostic(ERROR, "m", Span(file, 5_000, 5_003))]).splitlines()

    assert len(line) < 200
    assert line[marks.index("^") : marks.rindex("^") + 1] == "BAD"


@given(st.text(st.sampled_from("ab\té\n"), max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_the_underline_stands_below_its_text(text: str, start: int, length: int) -> None:
    file = SourceFile("a.yaml", text)
    start = min(start, len(text))
    span = Span(file, start, min(start + length, len(text)))
    _, line, marks = render_text([Diagnostic(ERROR, "m", span)]).split("\n")[:3]
    begin = span.begin

    assert line.removeprefix(f"{begin.line} | ") == file.line(begin.line)
    assert marks.index("^") - len(f"{begin.line} | ") == begin.column - 1
    on_line = span.text.split("\n")[0]
    assert marks.count("^") == max(1, len(on_line))


def test_json_has_every_part() -> None:
    found = Diagnostic(ERROR, "m", Span(FILE, 0, 3), "l", (Label(Span(FILE, 9, 10), "r"),), ("n",), "h", FIX)
    document = json.loads(render_json([found, Diagnostic(NOTICE, "x")]))

    assert document["version"] == 1
    assert document["diagnostics"][0] == {
        "code": "ATK302", "name": "unknown-name", "severity": "error", "message": "m", "file": "a.yaml",
        "line": 1, "column": 1, "end_line": 1, "end_column": 4, "label": "l", "notes": ["n"], "help": "h",
        "fix": {"title": "t", "edits": [{"file": "a.yaml", "line": 1, "column": 1, "end_line": 1, "end_column": 4,
                                         "text": "won"}]},
        "related": [{"file": "a.yaml", "line": 2, "column": 3, "end_line": 2, "end_column": 4, "message": "r"}],
    }  # fmt: skip
    assert document["diagnostics"][1]["file"] is None
    assert document["diagnostics"][1]["fix"] is None


def test_github_escapes_what_would_end_a_command() -> None:
    file = SourceFile("a,b:c.yaml", "x")
    found = Diagnostic(NOTICE, "50% of\nit", Span(file, 0, 1), help="do")

    assert render_github([found]) == (
        "::notice file=a%2Cb%3Ac.yaml,line=1,col=1,endLine=1,endColumn=2,"
        "title=ATK701 unknown-setting::50%25 of%0Ait%0Ahelp: do"
    )


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_takes_no_findings_at_all(name: str) -> None:
    assert isinstance(FORMATS[name]([]), str)


def test_the_summary_counts_by_severity() -> None:
    found = [Diagnostic(ERROR, "a"), Diagnostic(ERROR, "b"), Diagnostic(NOTICE, "c")]

    assert summary(found) == "2 errors, 1 notice"
    assert summary([]) == ""


def test_findings_are_told_once_and_in_reading_order() -> None:
    sink = Sink()
    sink.report(ERROR, Span(FILE, 9, 10), "second")
    sink.report(ERROR, Span(FILE, 0, 1), "first")
    sink.report(ERROR, Span(FILE, 9, 10), "second")

    assert [found.message for found in sink.sorted()] == ["first", "second"]


def test_an_echo_of_a_mistake_in_the_yaml_is_not_told() -> None:
    sink = Sink()
    sink.report(ERROR, Span(FILE, 0, 6), "echo")
    sink.report(YAML, Span(FILE, 2, 4), "cause")
    sink.report(ERROR, Span(FILE, 8, 10), "another")

    assert [found.message for found in sink.sorted()] == ["cause", "another"]


def test_short_is_the_first_line_of_each_finding() -> None:
    found = [Diagnostic(ERROR, "m", Span(FILE, 0, 3), help="h"), Diagnostic(NOTICE, "n")]

    assert render_short(found).splitlines() == [
        text.split("\n")[0] for text in map(render_text, ([one] for one in found))
    ]
    assert render_short([]) == ""


def test_github_shows_the_worst_first_and_lists_what_the_platform_would_not_show() -> None:
    found = [Diagnostic(NOTICE, f"n{number}") for number in range(3)]
    found += [Diagnostic(ERROR, f"e{number}", Span(FILE, 0, 1)) for number in range(12)]
    lines = render_github(found).splitlines()

    assert [line.split(" ")[0] for line in lines[:13]] == ["::error"] * 10 + ["::notice"] * 3
    assert lines[13] == "and 2 more, of which the platform would show no mark:"
    assert [line.rpartition(" ")[2] for line in lines[14:]] == ["e10", "e11"]


def test_junit_fails_by_errors_and_warnings_and_is_xml_whatever_the_text() -> None:
    file = SourceFile('a"<&>.yaml', "x: \x1b]]>\n")
    found = [Diagnostic(ERROR, 'm <&"\x07', Span(file, 0, 1)), Diagnostic(NOTICE, "n")]
    suite = ElementTree.fromstring(render_junit(found))[0]

    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [[child.tag for child in case] for case in suite] == [["failure"], ["system-out"]]
    assert suite[0].get("file") == 'a"<&>.yaml'
    assert ElementTree.fromstring(render_junit([]))[0].get("failures") == "0"
