"""Prompt files, whatever is in them: what they become, and what is told of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.diagnostics import Sink
from atk_interp.document import parse_document
from atk_interp.importing import Import, NothingToImport, Wishes, import_into
from atk_interp.importing.notes import Notes
from atk_interp.importing.prompt_text import prompt_file
from atk_interp.importing.prompts import Names, message_prompt
from atk_interp.source import SourceFile, Span
from atk_interp.templates import PromptLibrary, parse_messages
from support.foreign_checkout import LeavesMissing, write_files


def imported(tmp_path: Path, files: dict[str, str | bytes], wishes: Wishes | None = None) -> Import:
    """A folder of prompts, imported into `ours`."""
    folder = tmp_path / "prompts"
    folder.mkdir(exist_ok=True)
    write_files(folder, {name: text for name, text in files.items() if isinstance(text, str)})
    for name, data in files.items():
        if isinstance(data, bytes):
            (folder / name).write_bytes(data)
    return import_into(folder, tmp_path / "ours", wishes or Wishes())


def told(done: Import) -> list[str]:
    return [f"{note.place}: {note.told}" for note in done.notes]


def messages(tmp_path: Path, name: str, **values: object) -> list[tuple[str, str]]:
    """The messages that our prompt gives."""
    sink = Sink()
    prompt = PromptLibrary([tmp_path / "ours"]).load(name, Span(SourceFile("", ""), 0, 0), sink)
    assert prompt is not None, [*sink]
    return prompt.renderer()(values)


def test_messages_keep_their_roles_order_and_texts(tmp_path: Path) -> None:
    text = "- role: system\n  content: |\n    Be brief.\n\n      Not long.\n- role: user\n  content: '{text}?'\n"
    done = imported(tmp_path, {"ask.yaml": text})
    assert messages(tmp_path, "ask", text="why") == [("system", "Be brief.\n\n  Not long."), ("user", "why?")]
    assert told(done) == []
    assert done.is_whole


def test_what_is_true_of_several_messages_is_told_once(tmp_path: Path) -> None:
    text = "- role: system\n  content: 'For {user}.'\n- role: user\n  content: '{text} {user}'\n"
    folder = write_files(tmp_path / "mine", {"p.py": "x = 1\n", "prompts/ask.yaml": text})
    done = import_into(folder, tmp_path / "ours", Wishes())
    assert [note.place for note in done.notes if "{user}" in note.told] == ["prompts/ask.yaml:2"]


def test_a_long_piece_of_the_original_is_cut_where_it_is_told(tmp_path: Path) -> None:
    done = imported(tmp_path, {"ask.yaml": "- role: user\n  content: '{" + "long " * 100 + "[} {text}'\n"})
    assert max(map(len, told(done))) < 250


def test_json_and_doubled_braces_reach_the_model_as_they_should(tmp_path: Path) -> None:
    done = imported(
        tmp_path,
        {
            "bare.yaml": '- role: user\n  content: \'{"a": [{"b": "{text}"}]} {{x}}\'\n',
            "doubled.yaml": '- role: user\n  content: \'{{"a": "{text}"}} {{{{ x }}}} {{% if %}}\'\n',
        },
    )
    assert messages(tmp_path, "bare", text="why") == [("user", '{"a": [{"b": "why"}]} {{x}}')]
    assert messages(tmp_path, "doubled", text="why") == [("user", '{"a": "why"} {{ x }} {% if %}')]
    assert told(done) == [
        (
            'bare.yaml:2: `{"a": [{"b": "{text}"}]}` cannot be filled in, so the original sends this message as it '
            "stands, with nothing filled in; here `{text}` is filled in, and all other braces are text"
        ),
    ]


def test_names_can_be_kept_as_text(tmp_path: Path) -> None:
    imported(tmp_path, {"ask.yaml": "- role: user\n  content: '{user}: {text}'\n"}, Wishes(frozenset({"user"})))
    assert messages(tmp_path, "ask", text="why") == [("user", "{user}: why")]


def test_a_name_that_may_be_text_is_told_of_where_there_is_no_python(tmp_path: Path) -> None:
    done = imported(tmp_path, {"ask.yaml": "- role: user\n  content: '{user}: {text}'\n"})
    assert messages(tmp_path, "ask", text="why", user="Ann") == [("user", "Ann: why")]
    assert told(done) == [
        "ask.yaml: `{user}` is a field now; where nothing fills it in, it was text: `--text user` keeps it so"
    ]


def test_a_completion_twin_stands_apart_and_keeps_its_white_space(tmp_path: Path) -> None:
    done = imported(
        tmp_path,
        {"ask.yaml": "- role: user\n  content: '{text}'\n", "ask.txt": " Q: {text}\nA:\n\n", "lone.txt": "{text}\n"},
    )
    assert set(done.files) == {"ask.yaml", "prompts_completion/ask.txt", "lone.txt", "IMPORTED.md"}
    assert messages(tmp_path, "prompts_completion/ask", text="why") == [("prompt", " Q: why\nA:\n\n")]
    assert messages(tmp_path, "lone", text="why") == [("prompt", "why\n")]


@pytest.mark.parametrize(
    ("data", "content", "said"),
    [
        (b"\xef\xbb\xbf- role: user\r\n  content: |\r\n    a\r\n    b {text}\r\n", "a\nb why", []),
        (
            b"- role: user\n  content: caf\xe9 {text}\n",
            "café why",
            ["ask.yaml:2: bytes that are not UTF-8 are read as Windows-1252; the original drops them"],
        ),
        (
            "- role: user\n  content: ü {text}\n".encode("utf-16"),
            "ü why",
            ["ask.yaml: it was UTF-16, and is UTF-8 now"],
        ),
        (
            b"- role: user\n  content: a\n  content: b\n",
            "b",
            ["ask.yaml:3: `content` is given twice; the last one counts, as for the original"],
        ),
        (b'- role: user\n  content: "a\\rb\\x85\\u2028c\\x07 \\u00a0d {text}"\n', "a\rb\x85\u2028c\x07 \xa0d why", []),
        (b"- role: gpt\n  content: a\n", "a", ["ask.yaml:1: the role `gpt` is `assistant` here"]),
        (
            b"- role: user\n  content: 12\n  name: x\n",
            "12",
            [
                "ask.yaml:3: `name` of a message has no effect here and is left out",
                "ask.yaml:2: the content is no text to YAML, and the original fails on it; here it is text",
            ],
        ),
        (b"- &a {role: user, content: '{text}'}\n- *a\n", "why", []),
    ],
    ids=["mark-and-breaks", "latin-1", "utf-16", "twice", "odd-characters", "role", "no-text", "alias"],
)
def test_odd_files_are_read_and_told_of(tmp_path: Path, data: bytes, content: str, said: list[str]) -> None:
    done = imported(tmp_path, {"ask.yaml": data})
    assert messages(tmp_path, "ask", text="why")[-1][1] == content
    assert told(done) == said


BOMB = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{one}: &{one} [*{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}]\n"
    for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "broken.yaml:1: there is nothing in this file"),
        (b"- role: user\n", "broken.yaml:1: a message needs `role` and `content`, so the prompt is not imported"),
        (b"- role: cat\n  content: a\n", "broken.yaml:1: `cat` is not a role, so the prompt is not imported"),
        (b"- role: [\n", None),
        (b"- role: user\n  content: {text}\n", None),
        (b"just text\n", "broken.yaml: it is no list of messages, so it is no prompt"),
        (b"\0\xff" * 50, "broken.yaml: it is not text"),
        pytest.param(BOMB.encode(), None, marks=pytest.mark.slow),
        (b"- role: user\n  content: |\n" + b"    x\n" * 900_000, "broken.yaml: it has more than 2,000,000 bytes"),
    ],
    ids=["empty", "no-content", "no-role", "no-yaml", "mapping", "text", "binary", "bomb", "large"],
)
def test_what_cannot_be_read_is_left_and_told(tmp_path: Path, data: bytes, said: str | None) -> None:
    done = imported(tmp_path, {"good.yaml": "- role: user\n  content: a\n", "broken.yaml": data})
    assert set(done.files) == {"good.yaml", "IMPORTED.md"}
    assert not done.is_whole
    assert len(told(done)) == 1
    assert told(done)[0].startswith(said or "broken.yaml:")


def test_links_that_lead_out_are_not_followed(tmp_path: Path) -> None:
    outside = write_files(tmp_path / "outside", {"secret.yaml": "- role: user\n  content: secret\n"})
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "linked.yaml").symlink_to(outside / "secret.yaml")
    (tmp_path / "prompts" / "folder").symlink_to(outside)
    done = imported(tmp_path, {"good.yaml": "- role: user\n  content: a\n"})
    (tmp_path / "prompts" / "inside.yaml").symlink_to("good.yaml")
    assert set(done.files) == {"good.yaml", "IMPORTED.md"}
    assert sorted(told(done)) == [
        "folder: a link to a folder is not followed",
        "linked.yaml: a link that leads out of what is imported is not followed",
    ]


def test_folders_of_prompts_keep_their_places(tmp_path: Path) -> None:
    done = imported(
        tmp_path, {"set/a.yaml": "- role: user\n  content: a\n", "set/b.yml": "- role: user\n  content: b\n"}
    )
    assert set(done.files) == {"set/a.yaml", "set/b.yaml", "IMPORTED.md"}
    assert messages(tmp_path, "set/b") == [("user", "b")]


def test_odd_names_of_files_stay_in_their_comment(tmp_path: Path) -> None:
    done = imported(tmp_path, {"a\nb: [.yaml": "- role: user\n  content: '{text}'\n"})
    assert done.is_whole
    assert messages(tmp_path, "a\nb: [", text="why") == [("user", "why")]


def test_where_nothing_can_be_imported_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(NothingToImport, match="there is nothing to import in"):
        imported(tmp_path, {"a.csv": "x"})
    assert [path.name for path in tmp_path.iterdir()] == ["prompts"]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=3))
def test_a_written_prompt_is_read_back(contents: list[str]) -> None:
    text = prompt_file([("user", content) for content in contents], "Imported.")
    sink = Sink()
    document = parse_document(SourceFile("p.yaml", text), sink)
    assert document is not None, [*sink]
    assert [item["user"].strip() for item in document.data] == [content.strip() for content in contents]


def sent(content: str, values: dict[str, str]) -> str | None:
    """What the original sends of a message; None where it fails to fill it in."""
    try:
        return str(LeavesMissing().vformat(content, (), values)).strip()
    except (ValueError, LookupError, AttributeError, TypeError):
        return None


@given(
    st.lists(
        st.sampled_from(
            ["{text}", "{user}", "{{", "}}", "{", "}", "{%", "{#", "\n", "  ", ": ", "- ", "'", '"', "\t", "#"]
        )
        | st.text(max_size=5),
        max_size=10,
    ).map("".join)
)
def test_any_message_is_sent_as_the_original_sends_it(content: str) -> None:
    file = SourceFile("p.yaml", yaml.safe_dump([{"role": "user", "content": content}], allow_unicode=True))
    notes = Notes()
    prompt = message_prompt(file, Names(frozenset(), as_text=frozenset({"user"})), notes)
    assert prompt is not None, [*notes]
    sink = Sink()
    document = parse_document(SourceFile("ours.yaml", prompt.text), sink)
    assert document is not None, [*sink]
    ours = parse_messages(document, (), sink)
    assert ours is not None, [*sink]
    values = {"text": "a {user} {{b}}\n\r{% c %}"}
    wanted = sent(yaml.safe_load(file.text)[0]["content"], values)  # not all that is dumped is loaded
    assert wanted is None or ours.renderer()(values) == [("user", wanted)]
