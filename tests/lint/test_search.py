"""Which files a path stands for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from atk_interp.lint.check import Wishes, check
from atk_interp.lint.search import find, is_ours

SPEC = """spec: atk/v1
name: x
models: {m: {expects: any}}
steps:
  a: {kind: rows, rows: [{text: one}]}
  b: {kind: generate, from: a, model: m, prompt: PROMPT, parse: {text: answer}}
outputs: {a.jsonl: {from: b, format: jsonl}}
"""
PROMPT = '- user: "{{ text }}"\n'


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(
        tmp_path,
        {
            ".git/HEAD": "",
            "one/pipeline.yaml": SPEC.replace("PROMPT", "ask"),
            "one/prompts/ask.yaml": PROMPT,
            "one/prompts/nobody.yaml": PROMPT,
            "two/other.yml": SPEC.replace("PROMPT", "with_part"),
            "prompts/x/with_part.yaml": "- user: \"{% include 'part.txt' %} {{ text }}\"\n",
            "prompts/x/part.txt": "Be short.",
            "two/my.yaml": "pipeline: other.yml\nprompts: [mine]\n",
            "two/mine/with_part.yaml": PROMPT,
            "data.yaml": "jobs: 3\n",
        },
    )
    return tmp_path


def names(paths: tuple[Path, ...]) -> list[str]:
    return [path.resolve().relative_to(Path.cwd()).as_posix() for path in paths]


def test_a_folder_stands_for_its_specs_and_configs_whatever_their_names(project: Path) -> None:
    assert names(find([project]).files) == ["one/pipeline.yaml", "two/my.yaml", "two/other.yml"]


def test_what_tools_and_runs_made_is_passed_over(project: Path) -> None:
    spec = (project / "one" / "pipeline.yaml").read_text()
    folders = (".hidden", "node_modules", "env", "output", "a/b/node_modules/c")
    write(project, {f"{folder}/pipeline.yaml": spec for folder in folders})
    write(project, {"env/pyvenv.cfg": "", "output/run.json": "{}"})

    assert len(find([project]).files) == 3


@pytest.mark.parametrize(
    ("prompt", "users"),
    [
        ("one/prompts/ask.yaml", ["one/pipeline.yaml"]),
        ("prompts/x/with_part.yaml", ["two/other.yml"]),
        ("prompts/x/part.txt", ["two/other.yml"]),
        ("two/mine/with_part.yaml", ["two/my.yaml"]),
    ],
)
def test_a_prompt_stands_for_the_specs_and_configs_that_use_it(project: Path, prompt: str, users: list[str]) -> None:
    assert names(find([Path(prompt)]).files) == users


def test_a_broken_prompt_still_leads_to_its_users(project: Path) -> None:
    write(project, {"one/prompts/ask.yaml": '- user: "{{ text }}\n'})

    assert names(find([Path("one/prompts/ask.yaml")]).files) == ["one/pipeline.yaml"]


def test_a_prompt_that_no_spec_uses_is_read_for_itself(project: Path) -> None:
    found = find([Path("one/prompts/nobody.yaml")])
    assert (found.files, names(found.prompts)) == ((), ["one/prompts/nobody.yaml"])

    write(project, {"one/prompts/nobody.yaml": "- usr: x\n- user: y\n"})
    assert [str(one.span) for one in check([Path("one/prompts/nobody.yaml")]).report.findings] != []


def test_a_file_that_is_none_of_ours_is_told_or_left_alone(project: Path) -> None:
    told = check([Path("data.yaml")])
    assert [finding.code.name for finding in told.report.findings] == ["missing-key"]

    left = check([Path("data.yaml")], Wishes(skip_foreign=True))
    assert (left.report.findings, left.linted, left.found.foreign) == ((), (), (Path("data.yaml"),))


def test_a_broken_spec_is_ours(project: Path) -> None:
    write(project, {"qa.yaml": "# a comment\nspec: atk/v1\nsteps: {\n"})

    assert is_ours(Path("qa.yaml"))
    assert find([Path("qa.yaml")], skip_foreign=True).files == (Path("qa.yaml"),)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ci.yaml", "pipeline:\n  build: {image: x}\n"),
        ("beats.yml", "pipeline: logs-ingest\n"),
        ("k8s.yaml", "kind: Pod\nspec:\n  containers: []\n"),
        ("notes.txt", "spec: atk/v1\n"),
    ],
)
def test_files_of_other_tools_are_not_ours(project: Path, name: str, text: str) -> None:
    write(project, {name: text})

    assert not is_ours(Path(name))
    assert find([Path(name)], skip_foreign=True).foreign == (Path(name),)


def test_a_spec_that_is_named_and_leads_from_its_prompt_is_linted_once(project: Path) -> None:
    found = find([Path("one/prompts/ask.yaml"), Path("one/pipeline.yaml"), Path("one"), Path("one/../one")])

    assert names(found.files) == ["one/pipeline.yaml"]


def test_a_pipe_or_a_device_is_not_read(project: Path) -> None:
    os.mkfifo("one/pipe.yaml")
    os.mkfifo("one/prompts/pipe.yaml")
    os.mkfifo("pipeline.yaml")

    assert {finding.code.id for finding in check([Path("one")]).report.findings} == {"ATK425"}
    for path in (Path("one/pipe.yaml"), Path("pipeline.yaml"), Path(os.devnull)):
        (told,) = check([path]).report.findings
        assert (told.code.id, "not a regular file" in told.message) == ("ATK109", True)
        assert "--stdin-filename" in str(told.help)


@pytest.mark.parametrize("name", ["a.yaml", "sub/a.yaml", "sub/prompts/a.yaml", "sub/prompts/x/a.yaml"])
def test_the_users_of_a_prompt_are_looked_for_in_its_project_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    home = tmp_path / "home"
    write(home, {name: PROMPT, "pyproject.toml": ""})
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir("/")
    walked: list[Path] = []
    walk = os.walk

    def watched(folder: Path) -> object:
        walked.append(folder)
        return walk(folder)

    monkeypatch.setattr(os, "walk", watched)

    assert find([home / name]).prompts == (home / name,)
    assert walked == ([home / "sub"] if "/" in name else [])


def test_a_folder_that_cannot_be_looked_into_is_passed_over(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exists = Path.exists

    def refusing(path: Path) -> bool:
        if path.parent.name == "two":
            raise PermissionError(13, "Permission denied")
        return exists(path)

    monkeypatch.setattr(Path, "exists", refusing)

    assert names(find([project]).files) == ["one/pipeline.yaml"]


SCRIPT = """- when: {contains: "Is this passage suitable"}
  reply: "Verdict: suitable"
- when: {matching: "Passage: (?P<first>.)", in: last}
  error: 503
- replies: [one, another]
"""


@pytest.mark.parametrize("skip_foreign", [False, True])
def test_a_script_of_replies_is_checked_as_one(project: Path, skip_foreign: bool) -> None:
    write(project, {"replies.yaml": SCRIPT, "bad.yaml": SCRIPT.replace("matching", "matches")})
    wishes = Wishes(skip_foreign=skip_foreign)

    assert check([Path("replies.yaml")], wishes).report.findings == ()
    (told,) = check([Path("bad.yaml")], wishes).report.findings
    assert (told.code.id, str(told.span)[:15]) == ("ATK713", "Span(bad.yaml:3")


@pytest.mark.parametrize(
    ("text", "is_prompt"),
    [
        ("- user: bob\n  uid: 3\n", False),
        ("- user: bob\n- host: x\n", False),
        ("- role: admin\n", False),
        ("- user: bob\n", True),
        ("- {role: user, content: x}\n- {each: x in xs, messages: [{when: x, user: y}]}\n", True),
        ("- user: {\n", True),
    ],
)
def test_a_list_of_other_tools_is_no_prompt(project: Path, text: str, is_prompt: bool) -> None:
    write(project, {"users.yaml": text})
    found = find([Path("users.yaml")], skip_foreign=True)

    assert (found.prompts, found.foreign) == (((Path("users.yaml"),), ()) if is_prompt else ((), (Path("users.yaml"),)))


@pytest.mark.parametrize(
    ("name", "text", "ours"),
    [
        ("pipeline.yaml", "{spec: atk/v1, name: x}\n", True),
        ("pipeline.yaml", '{\n  "name": "x",\n  "spec": "atk/v1"\n}\n', True),
        ("config.yaml", '{"pipeline": "other.yml"}\n', True),
        ("config.yaml", "'pipeline': nowhere\n", True),
        ("config.yaml", "{spec: {containers: []}, pipeline: [a]}\n", False),
        ("config.yaml", "- 3\n", False),
    ],
)
def test_a_file_of_our_names_is_known_by_its_keys_however_written(
    project: Path, name: str, text: str, ours: bool
) -> None:
    write(project, {f"three/{name}": text})

    assert names(find([Path("three")]).files) == ([f"three/{name}"] if ours else [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_spec_in_utf_16_is_found_and_told(project: Path, encoding: str) -> None:
    write(project, {"three/x.txt": ""})
    Path("three/qa.yaml").write_bytes(SPEC.encode(encoding))

    assert [told.message for told in check([Path("three")]).report.findings] == ["this is UTF-16"]
