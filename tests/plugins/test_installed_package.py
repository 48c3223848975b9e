"""A package that is installed beside this one adds to the language; the example of the guide is the package."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

SPEC = """\
spec: atk/v1
name: letters
params: {output_dir: {type: path}}
models: {judge: {expects: instruct}}
steps:
  notes:
    kind: read
    path: notes
  counted:
    kind: count_words
    from: notes
    field: text
    at_least: 2
  graded:
    kind: generate
    from: counted
    model: judge
    prompt: grade
    parse: {letter: grade}
    keep: (text | vowels) < 9 and not (text is palindrome)
outputs:
  log.jsonl:
    from: graded
    format: chatlog
    messages:
      - user: "{{ words }} words"
      - assistant: "{{ grade }}"
"""
CONFIG = "pipeline: pipeline.yaml\noutput_dir: out\nmodels: {judge: {provider: scripted, script: replies.yaml}}\n"
PROMPT = "- user: |\n    Grade this text with one letter, of {{ text | vowels }} vowels: {{ text }}\n"
REPLIES = '- reply: "b."\n'

SHOWN = """\
import json
from atk_interp.catalogue import entries
from atk_interp.reference.json_schema.spec import spec_schema
from atk_interp.reference.kinds import kinds_page
from atk_interp.reference.outputs import outputs_page
from atk_interp.reference.replies import replies_page
pages = [kinds_page(), replies_page(), outputs_page()]
schema = [*spec_schema()["definitions"]]
print(json.dumps({"plugins": entries("plugins"), "kinds": entries("kinds"), "schema": schema, "pages": pages}))
"""

BROKEN = """
[project.entry-points."atk_interp.kinds"]
count_words = "atk_broken:CountWords"
filter = "atk_broken:Filter"
gone = "atk_broken:Gone"
odd = "atk_broken:ODD"
[project.entry-points."atk_interp.filters"]
vowels = "atk_broken:VOWELS"
shout = "atk_missing:SHOUT"
[project.entry-points."atk_interp.replies"]
hum = "atk_broken:ODD"
[project.entry-points."atk_interp.formats"]
noise = "atk_broken:ODD"
"""


FAULTY = """
[project.entry-points."atk_interp.kinds"]
trip = "atk_faulty:Trip"
stumble = "atk_faulty:Stumble"
[project.entry-points."atk_interp.filters"]
half = "atk_faulty:HALF"
[project.entry-points."atk_interp.readers"]
".log" = "atk_faulty:read"
[project.entry-points."atk_interp.replies"]
hum = "atk_faulty:HUM"
[project.entry-points."atk_interp.formats"]
noise = "atk_faulty:NOISE"
"""
FAULTS = """
from atk_interp import extending as atk

class Trip(atk.StepKind):
    name = "trip"
    cardinality = atk.Cardinality.ONE
    def flow(self, view):
        return view.input
    def bind(self, step):
        return atk.PureStep(lambda row: (row.fields["b" if row.fields["text"] == "b" else "text"] and row,))

class Stumble(Trip):
    name = "stumble"
    def flow(self, view):
        return {}["nothing"]

def half(text):
    if text == "c":
        raise AttributeError("no c")
    return 0.5 if text == "d" else 1

HALF = atk.Function("half", frozenset([atk.Kind.TEXT]), atk.INT, half, "Half.", atk.FunctionExample("'a' | half", 1),
    in_jinja=False)

def read(file):
    yield atk.text_document(file, file.path.read_text(encoding="utf-8").strip())

class _Reader(atk.Reader):
    fields = {"note": atk.TEXT}
    def _read(self, text):
        return [{"note": {}[text]}] if text == "e" else [{"note": text}]

class Hum(atk.ReplyKind):
    name = "hum"
    value_schema = {"type": "string"}
    def build(self, value, options):
        return _Reader()

HUM = Hum()

class _Noise:
    name = "noise"
    takes = "messages"
    def layout(self, fields):
        return atk.RecordType({"log": atk.TEXT})
    def record(self, content):
        if content[1][1] == "f":
            raise KeyError("f")
        return atk.line({"log": content[1][1]})

NOISE = atk.OutputFormat("noise", "Noise.", (atk.Option("messages", atk.Takes.STRUCTURE, "Messages.", required=True,
    schema={"type": "list"}),), written_by=_Noise())
"""
FAULTY_SPEC = """
spec: atk/v1
name: faulty
params: {output_dir: {type: path}}
models: {judge: {expects: instruct}}
steps:
  notes: {kind: read, path: notes}
  trip: {kind: trip, from: notes}
  half: {kind: map, from: trip, set: {half: "=text | half"}}
  asked: {kind: generate, from: half, model: judge, prompt: grade, parse: {hum: note}, attempts: 1}
outputs:
  log.jsonl: {from: asked, format: noise, messages: [{user: "{{ half }} {{ note }}"}, {assistant: "{{ text }}"}]}
"""


def install(source: Path, target: Path) -> None:
    """Build a package and put it into a folder, as pip does for a user. Nothing is downloaded."""
    command = [sys.executable, "-m", "pip", "install", "--no-build-isolation", "--no-deps", "--no-index", "--quiet"]
    done = subprocess.run([*command, "--target", str(target), str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def site(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the package of the guide is installed."""
    folder = tmp_path_factory.mktemp("plugin")
    source = shutil.copytree(project_root / "examples" / "plugin", folder / "source")
    install(source, folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package whose entries clash with others, are not there, or are something else."""
    source = tmp_path_factory.mktemp("broken")
    build = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    (source / "pyproject.toml").write_text(f'{build}[project]\nname = "atk-broken"\nversion = "0.1"\n{BROKEN}')
    (source / "atk_broken.py").write_text("ODD = 3\n")
    install(source, source / "site")
    return source / "site"


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package of which everything fails now and then."""
    source = tmp_path_factory.mktemp("faulty")
    build = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    (source / "pyproject.toml").write_text(f'{build}[project]\nname = "atk-faulty"\nversion = "0.1"\n{FAULTY}')
    (source / "atk_faulty.py").write_text(FAULTS)
    install(source, source / "site")
    return source / "site"


@pytest.fixture
def at(tmp_path: Path) -> Run:
    """Runs the command line in a folder of its own, with packages from some folders."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.log").write_text("09:15 to be or not\n")
    (tmp_path / "notes" / "b.log").write_bytes(b"10:00 caf\xe9\n")
    (tmp_path / "pipeline.yaml").write_text(SPEC)
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "replies.yaml").write_text(REPLIES)
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "grade.yaml").write_text(PROMPT)

    def run(*arguments: str, sites: tuple[Path, ...] = ()) -> subprocess.CompletedProcess[str]:
        paths = os.pathsep.join([*map(str, sites), *filter(None, [os.environ.get("PYTHONPATH")])])
        command = [sys.executable, "-m", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True
        )

    return run


@pytest.mark.slow
def test_a_spec_uses_what_a_package_adds(site: Path, at: Run, tmp_path: Path) -> None:
    linted = at("atk_interp", "lint", "pipeline.yaml", sites=(site,))
    ran = at("atk_interp", "run", "config.yaml", sites=(site,))

    assert (linted.returncode, linted.stdout) == (0, "")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    records = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    assert records == [{"log": "user: 4 words\nassistant: B"}]


@pytest.mark.slow
def test_without_the_package_lint_does_not_know_the_names(at: Run) -> None:
    told = at("atk_interp", "lint", "pipeline.yaml").stdout

    assert "there is no step kind `count_words`" in told
    assert "there is no filter `vowels`" in told


@pytest.mark.slow
def test_mistakes_in_what_a_package_adds_are_told_as_in_what_is_ours(site: Path, at: Run, tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_text(
        SPEC.replace("at_least: 2", "at_leest: 2").replace("field: text", "field: txt")
    )

    told = at("atk_interp", "lint", "pipeline.yaml", sites=(site,)).stdout

    assert "unknown key `at_leest` in a `count_words` step" in told
    assert "did you mean `at_least`?" in told


@pytest.mark.slow
def test_lists_the_schema_and_the_reference_show_it_with_its_package(site: Path, at: Run, tmp_path: Path) -> None:
    (tmp_path / "shown.py").write_text(SHOWN)
    shown = json.loads(at("shown", sites=(site, tmp_path)).stdout)

    assert [name for name, _ in shown["plugins"]] == [
        "step kind count_words",
        "parser letter",
        "output format chatlog",
        "reader .log",
        "filter vowels",
        "test palindrome",
    ]
    assert {giver for _, giver in shown["plugins"]} == {"atk-letters 1.2.0"}
    assert dict(shown["kinds"])["count_words"].endswith("(atk-letters 1.2.0)")
    assert {"step_count_words", "parse_letter", "output_chatlog"} <= set(shown["schema"])
    for name, page in zip(("count_words", "letter", "chatlog"), shown["pages"], strict=True):
        assert f"## {name}\n" in page
        assert "It comes with `atk-letters 1.2.0`." in page


@pytest.mark.slow
def test_what_cannot_be_used_is_refused_with_the_name_of_its_package(
    site: Path, broken: Path, at: Run, tmp_path: Path
) -> None:
    steps = "\n".join(f"  {name}: {{kind: {name}, from: rows}}" for name in ("count_words", "gone", "odd"))
    rows = "  rows: {kind: rows, rows: [{text: a}]}"
    loud = '  loud: {kind: map, from: rows, set: {text: "=text | shout"}}'
    asked = "  asked: {kind: generate, from: rows, model: m, prompt: grade, parse: {hum: a}}"
    outputs = "models: {m: {}}\noutputs: {a.jsonl: {from: loud, format: jsonl}, b.jsonl: {from: loud, format: noise}}"
    (tmp_path / "pipeline.yaml").write_text(
        f"spec: atk/v1\nname: refused\nsteps:\n{rows}\n{steps}\n{loud}\n{asked}\n{outputs}\n"
    )

    told = at("atk_interp", "lint", "pipeline.yaml", sites=(site, broken)).stdout
    listed = at("atk_interp", "list", "plugins", sites=(site, broken)).stdout

    assert "the step kind `count_words` of `atk-broken 0.1` cannot be used: `atk-letters 1.2.0` has one" in told
    assert "the step kind `gone` of `atk-broken 0.1` cannot be used: `atk_broken:Gone` cannot be loaded" in told
    assert "the step kind `odd` of `atk-broken 0.1` cannot be used: `atk_broken:ODD` is no `StepKind`" in told
    assert "the filter `shout` of `atk-broken 0.1` cannot be used: `atk_missing:SHOUT` cannot be loaded" in told
    assert "the parser `hum` of `atk-broken 0.1` cannot be used: `atk_broken:ODD` is no `ReplyKind`" in told
    assert "the output format `noise` of `atk-broken 0.1` cannot be used: `atk_broken:ODD` is no `OutputFormat`" in told
    assert "step kind filter  " in listed
    assert "atk-interp has a step kind of this name itself" in listed


@pytest.mark.slow
def test_a_finished_run_is_made_anew_when_the_package_has_changed(site: Path, at: Run, tmp_path: Path) -> None:
    at("atk_interp", "run", "config.yaml", sites=(site,))
    other = shutil.copytree(site, tmp_path / "site")
    (module,) = other.glob("atk_letters.py")
    module.write_text(module.read_text().replace("[1].upper()", "[1].lower()"))

    at("atk_interp", "run", "config.yaml", sites=(other,))

    assert json.loads((tmp_path / "out" / "log.jsonl").read_text())["log"].endswith("assistant: b")


@pytest.mark.slow
def test_what_fails_in_a_package_is_told_with_its_name_and_costs_one_file_or_row(
    faulty: Path, at: Run, tmp_path: Path
) -> None:
    for name in "bcdefg":
        (tmp_path / "notes" / f"{name}.log").write_text(name)
    (tmp_path / "notes" / "a.log").write_bytes(b"caf\xe9")
    (tmp_path / "pipeline.yaml").write_text(FAULTY_SPEC)
    (tmp_path / "prompts" / "grade.yaml").write_text("- user: '{{ text }}'\n")
    replies = [f"- when: {{matching: ^{name}}}\n  reply: {name}\n" for name in "efg"]
    (tmp_path / "replies.yaml").write_text("".join(replies))

    linted = at("atk_interp", "lint", "pipeline.yaml", sites=(faulty,))
    ran = at("atk_interp", "run", "config.yaml", sites=(faulty,))

    assert (linted.returncode, linted.stdout) == (0, "")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    whose = "of `atk-faulty 0.1` failed: "
    assert f"the reader `.log` {whose}UnicodeDecodeError" in " ".join((ran.stdout + ran.stderr).split())
    assert (tmp_path / "out" / "log.jsonl").read_text() == '{"log":"g"}\n'
    told = (tmp_path / "out" / "rejected.jsonl").read_text()
    assert f"the step kind `trip` {whose}KeyError: 'b'" in told
    assert f"the filter `half` {whose}AttributeError: no c" in told
    assert f"the filter `half` {whose}it gives int, and gave a" in told
    assert f"the parser {whose}KeyError: 'e'" in told
    assert f"the output format `noise` {whose}KeyError: 'f'" in told


@pytest.mark.slow
def test_a_kind_that_fails_when_it_is_checked_is_a_finding_at_its_step(faulty: Path, at: Run, tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_text(FAULTY_SPEC.replace("kind: trip", "kind: stumble"))

    linted = at("atk_interp", "lint", "pipeline.yaml", sites=(faulty,))

    assert linted.returncode == 1
    assert "the step kind `stumble` of `atk-faulty 0.1` failed: KeyError: 'nothing'" in linted.stdout
    assert "pipeline.yaml:8:" in linted.stdout
