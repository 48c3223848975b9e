"""The hooks, in a git repository with the real `pre-commit`: run from this environment, so that nothing is fetched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

SPEC = """spec: atk/v1
name: x
models: {m: {expects: any}}
steps:
  a: {kind: rows, rows: [{text: one}]}
  b:
    kind: generate
    from: a
    model: m
    prompt: ask
    parse: {tag: answer}
    examples:
      - {given: {text: one}, reply: "<answer>two</answer>", expect: {answer: two}}
outputs: {a.jsonl: {from: b, format: jsonl}}
"""
FILES = {
    "qa/pipeline.yaml": SPEC,
    "qa/prompts/ask.yaml": '- user: "In <answer> tags: {{ text }}"\n',
    "data.yaml": "jobs: 3\n",
    "notes.yml": "- one\n- two\n",
    "docs/prompts/howto.md": "# How to prompt\n",
}


class Repository:
    """A git repository whose commits go through the hooks."""

    def __init__(self, folder: Path, hooks: list[dict[str, object]]) -> None:
        self.folder = folder
        folder.mkdir()
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        who = {f"GIT_{role}_{part}": "x@localhost" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            **who,
            "PATH": path,
            "PRE_COMMIT_HOME": str(folder.parent / "cache"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        self.run("git", "init", "--quiet")
        self.write({".pre-commit-config.yaml": yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]})})
        self.run("pre-commit", "install")
        self.write(FILES)

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )

    def commit(self, **changed: str) -> tuple[bool, str]:
        """Whether a commit of some changes was taken, and what was printed."""
        self.write({name.replace("__", "/"): text for name, text in changed.items()})
        self.run("git", "add", "--all")
        ran = self.run("git", "commit", "--message", "change")
        return ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture
def manifest(project_root: Path) -> list[dict[str, object]]:
    found = yaml.safe_load((project_root / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, list)
    return found


def repository(tmp_path: Path, manifest: list[dict[str, object]], *ids: str) -> Repository:
    """One with some hooks of the manifest, as they are but for what would install them."""
    return Repository(tmp_path / "repo", [{**hook, "language": "system"} for hook in manifest if hook["id"] in ids])


def test_the_manifest_is_one(project_root: Path) -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"]
    ran = subprocess.run(command, cwd=project_root, capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_a_broken_spec_is_refused(tmp_path: Path, manifest: list[dict[str, object]]) -> None:
    repo = repository(tmp_path, manifest, "atk-lint")
    assert repo.commit()[0]

    taken, printed = repo.commit(**{"qa/pipeline.yaml": SPEC.replace("from: a\n", "from: c\n")})

    assert not taken
    assert "qa/pipeline.yaml:8:11: error[ATK511] unknown-step" in printed


def test_a_change_in_a_prompt_alone_lints_the_specs_that_use_it(
    tmp_path: Path, manifest: list[dict[str, object]]
) -> None:
    repo = repository(tmp_path, manifest, "atk-lint")
    assert repo.commit()[0]

    taken, printed = repo.commit(**{"qa/prompts/ask.yaml": '- user: "In <answer> tags: {{ txt }}"\n'})

    assert not taken
    assert "qa/prompts/ask.yaml:1:31: error[ATK403] undefined-variable" in printed
    assert "1 file checked: 1 error" in printed


def test_files_that_are_no_specs_are_left_alone(tmp_path: Path, manifest: list[dict[str, object]]) -> None:
    repo = repository(tmp_path, manifest, "atk-lint", "atk-fix", "atk-test")
    assert repo.commit()[0]

    changed = {"data.yaml": "jobs: [\n", "notes.yml": "- three\n", "docs/prompts/howto.md": "{{ nobody }}\n"}
    taken, printed = repo.commit(**changed)

    assert taken, printed
    assert printed.count("Passed") == 3


def test_what_can_be_mended_is_mended_and_to_be_committed_again(
    tmp_path: Path, manifest: list[dict[str, object]]
) -> None:
    repo = repository(tmp_path, manifest, "atk-fix")
    assert repo.commit()[0]

    taken, printed = repo.commit(**{"qa/pipeline.yaml": "# atk: ignore[unused-step]\n" + SPEC})

    assert not taken
    assert "files were modified by this hook" in printed
    assert (repo.folder / "qa" / "pipeline.yaml").read_text() == SPEC
    assert repo.commit(**{"data.yaml": "jobs: 4\n"})[0]


def test_an_example_that_does_not_hold_is_refused(tmp_path: Path, manifest: list[dict[str, object]]) -> None:
    repo = repository(tmp_path, manifest, "atk-test")
    assert repo.commit()[0]

    taken, printed = repo.commit(**{"qa/pipeline.yaml": SPEC.replace("answer: two", "answer: three")})

    assert not taken
    assert "three" in printed
