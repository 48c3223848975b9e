"""SARIF: valid by its schema, and made so that a code scanner knows a finding again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from atk_interp.diagnostics import Code, Diagnostic, Edit, Fix, Label, Severity
from atk_interp.diagnostics.render.sarif import render_sarif
from atk_interp.source import SourceFile, Span

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
CODE = Code("ATK302", "unknown-name", Severity.ERROR, "Finds.", "Why.", "bad: 1", "good: 1", fixable=True)
NOTICE = Code("ATK701", "unknown-setting", Severity.NOTICE, "Finds.", "Why.", "bad: 1", "good: 1")
SECRET = Code("ATK801", "key-in-file", Severity.ERROR, "Finds.", "Why.", "bad: 1", "good: 1", hides=True)
TEXT = "one: 1\n  keep: scroe > 3  # 😀\nmore: scroe > 3\n  keep: scroe > 3  # 😀\n"
FILE = SourceFile("a b/ü.yaml", TEXT)


def run(*findings: Diagnostic) -> dict[str, Any]:
    """The one run of a log, which is valid."""
    log = json.loads(render_sarif(findings))
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    (found,) = log["runs"]
    assert isinstance(found, dict)
    return found


def finding(text: str, file: SourceFile = FILE, nth: int = 0, code: Code = CODE, **more: Any) -> Diagnostic:
    start = -1
    for _ in range(nth + 1):
        start = file.text.index(text, start + 1)
    return Diagnostic(code, f"unknown name `{text}`", Span(file, start, start + len(text)), **more)


def prints(*findings: Diagnostic) -> list[str]:
    return [result["partialFingerprints"]["primaryLocationLineHash"] for result in run(*findings)["results"]]


def test_a_finding_has_its_place_its_rule_its_second_place_and_its_fix() -> None:
    label = Label(Span(FILE, 0, 3), "first here")
    fix = Fix("write `score`", (Edit(finding("scroe").span or label.span, "score"),))
    log = run(finding("scroe", labels=(label,), notes=("a note",), help="a help", fix=fix), Diagnostic(NOTICE, "m"))
    rules = log["tool"]["driver"]["rules"]
    first, second = log["results"]

    assert [rule["id"] for rule in rules] == ["ATK302", "ATK701"]
    assert rules[0]["name"] == "UnknownName"
    assert rules[1]["defaultConfiguration"] == {"level": "note"}
    assert "bad: 1" in rules[0]["help"]["markdown"]
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("ATK302", 0, "error")
    assert first["message"]["text"] == "unknown name `scroe`\nnote: a note\nhelp: a help"
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20b/%C3%BC.yaml", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 2, "startColumn": 9, "endLine": 2, "endColumn": 14}
    assert first["relatedLocations"][0]["message"] == {"text": "first here"}
    replacement = first["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replacement == {"deletedRegion": place["region"], "insertedContent": {"text": "score"}}
    assert "locations" not in second


def test_columns_count_characters() -> None:
    assert run(finding("😀"))["columnKind"] == "unicodeCodePoints"
    region = run(finding("😀"))["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region["endColumn"] - region["startColumn"] == 1


def test_a_fingerprint_survives_lines_before_it_and_another_indentation() -> None:
    moved = SourceFile(FILE.path, "# new\n\n" + TEXT.replace("  keep", "      keep"))

    assert prints(finding("scroe")) == prints(finding("scroe", moved))
    assert prints(finding("scroe")) != prints(finding("scroe", SourceFile(FILE.path, TEXT.replace("> 3", "> 4"))))


def test_equal_lines_have_fingerprints_of_their_own() -> None:
    one, other, again = prints(finding("scroe"), finding("scroe", nth=1), finding("scroe", nth=2))

    assert len({one, other, again}) == 3
    assert one.partition(":")[0] == again.partition(":")[0] != other.partition(":")[0]


def test_a_fingerprint_does_not_depend_on_a_key_that_is_hidden() -> None:
    files = [SourceFile("c.yaml", f"api_key: {key}\n") for key in ("sk-1", "sk-2")]
    one, other = (prints(finding("api_key", file, code=SECRET)) for file in files)

    assert one == other
    assert "sk-1" not in render_sarif([finding("api_key", files[0], code=SECRET)])


@pytest.mark.parametrize("path", ["/abs/x.yaml", "../up.yaml", "plain.yaml"])
def test_any_path_is_a_uri(path: str) -> None:
    uri = run(finding("one", SourceFile(path, TEXT)))["results"][0]["locations"][0]["physicalLocation"]

    assert uri["artifactLocation"]["uri"] == (f"file://{path}" if path.startswith("/") else path)


def test_no_finding_is_a_log_too() -> None:
    assert run()["results"] == []
