"""`report.html`, as runs leave it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from atk_interp.llm.messages import EndpointRefused, Request
from atk_interp.report import report
from atk_interp.report.style import STYLE
from support.pipelines import Ran, run, said

HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>\"'`&lt;\x1b]0;x\x07"
SPEC = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: HOSTILE}]}
      ask:
        kind: generate
        from: given
        model: m
        prompt: ask
        parse: {text: reply}
        attempts: 2
        accept: {is not b: 'not (reply is matching("^b"))'}
      kept: {kind: filter, from: ask, keep: text != "a"}
    outputs:
      out.jsonl: {from: kept, format: jsonl}
      talk.jsonl:
        from: ask
        format: chat
        messages: [{user: "{{ text }}"}, {assistant: "{{ reply }}"}]
    checks:
      enough: rows("out.jsonl") > 0
    """.replace("HOSTILE", json.dumps(HOSTILE))


class Elements(HTMLParser):
    """Every element with its attributes, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(ran: Ran) -> str:
    return (ran.folder / "report.html").read_text(encoding="utf-8")


async def test_values_of_rows_stay_text(tmp_path: Path) -> None:
    page = page_of(await run(tmp_path, SPEC, said))
    elements = Elements(page)
    assert {tag for tag, _ in elements.found}.isdisjoint({"script", "img", "iframe", "link", "form", "object", "base"})
    assert "<script>alert(1)</script>" in elements.text
    assert "`&lt;" in elements.text
    assert "\x1b" not in page


async def test_nothing_is_fetched_and_only_our_style_counts(tmp_path: Path) -> None:
    page = page_of(await run(tmp_path, SPEC, said))
    elements = Elements(page)
    for tag, attributes in elements.found:
        assert attributes.get("src") is None, tag
        assert "style" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes)
    (policy,) = [dict(a)["content"] for tag, a in elements.found if "http-equiv" in a]
    (style,) = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{hashed}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in STYLE
    assert "@import" not in STYLE


async def test_it_tells_what_became_of_the_rows(tmp_path: Path) -> None:
    text = Elements(page_of(await run(tmp_path, SPEC, said))).text
    for told in (
        "case",
        "done",
        "ask rejected: is not b",
        "not accepted: is not b",
        "kept filtered: ",
        'rows("out.jsonl")',
        "test-model",
        "Read your data before you train on it.",
        "First rows",
    ):
        assert told in text, told


async def test_a_rejected_row_stands_with_its_prompt_and_every_reply(tmp_path: Path) -> None:
    page = page_of(await run(tmp_path, SPEC, said, {"ask": "- system: be exact\n- user: '{{ text }}'\n"}))
    (example,) = re.findall(r"<details open>.*?</details>", page, re.DOTALL)
    text = Elements(example).text
    assert "be exact" in text
    assert text.count("not accepted: is not b") == 2


async def test_a_run_that_was_stopped_has_one_too(tmp_path: Path) -> None:
    def refuse(request: Request) -> str:
        raise EndpointRefused("the key is wrong", "here", help="ask for another")

    ran = await run(tmp_path, SPEC, refuse)
    text = Elements(page_of(ran)).text
    assert "refused" in text
    assert "The endpoint refused a call: the key is wrong" in text
    assert "Ask for another" in text


async def test_a_failed_check_is_on_it(tmp_path: Path) -> None:
    ran = await run(tmp_path, SPEC.replace("> 0", "> 70"), said)
    text = Elements(page_of(ran)).text
    assert "failed enough" in text
    assert "out.incomplete.jsonl" in text


async def test_a_finished_run_that_is_run_again_keeps_its_page(tmp_path: Path) -> None:
    (tmp_path / "replies.yaml").write_text("- reply: fine\n")
    settings = {"provider": "scripted", "script": str(tmp_path / "replies.yaml")}
    first = page_of(await run(tmp_path, SPEC, settings=settings))
    again = await run(tmp_path, SPEC, settings=settings)
    assert again.result.unchanged
    assert page_of(again) == first


async def test_the_same_record_and_files_make_the_same_page(tmp_path: Path) -> None:
    ran = await run(tmp_path, SPEC, said)
    record: Any = json.loads((ran.folder / "run.json").read_text())
    assert report(record, ran.folder) == report(record, ran.folder)


async def test_its_size_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    many = """
    steps:
      given: {kind: rows, rows: =given}
      kept: {kind: filter, from: given, keep: n %% 2 == 0}
    outputs:
      out.jsonl: {from: kept, format: jsonl}
    """.replace("%%", "%")
    head = "spec: atk/v1\nname: case\nparams:\n  output_dir: {type: path}\n  given: {type: list}\n"
    sizes = []
    for count in (100, 3_000):
        rows = [{"n": number, "text": f"{number:09}" * 50} for number in range(count)]
        (tmp_path / str(count)).mkdir()
        ran = await run(tmp_path / str(count), head + many.replace("\n    ", "\n"), None, given=rows)
        record: Any = json.loads((ran.folder / "run.json").read_text())
        sizes.append(len(report({**record, "params": {}}, ran.folder)))
    assert abs(sizes[1] - sizes[0]) < 2_000


async def test_what_goes_wrong_with_the_page_is_a_notice_and_no_end(tmp_path: Path) -> None:
    (tmp_path / "out" / "report.html").mkdir(parents=True)
    ran = await run(tmp_path, SPEC, said)
    assert ran.result.status == "done"
    assert any("`report.html` cannot be written" in getattr(event, "message", "") for event in ran.events)


async def test_a_page_can_be_made_of_what_an_older_run_has_left(tmp_path: Path) -> None:
    ran = await run(tmp_path, SPEC, said)
    record: Any = json.loads((ran.folder / "run.json").read_text())
    for name in ("graph", "checks", "causes", "help", "part", "spending"):
        del record[name]
    (ran.folder / "rejected.jsonl").unlink()
    assert "First rows" in report(record, ran.folder)
