"""What a check costs in a process that has checked before, as an editor and a hook over many files have.

The spec has 100 steps of the kinds that stock pipelines are made of, a third of them with a prompt of its own.
CPU time of this process; the best of several rounds counts. Prints a table for README.md. `--profile` prints where
the time goes.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import platform
import pstats
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "interpreter"))

from atk_interp.lint.engine import lint_path  # noqa: E402 - found by the line above

HEAD = """\
spec: atk/v1
name: long
description: Many steps, one after the other.
params:
  input_dir: {type: path}
  output_dir: {type: path}
  least: {type: int, default: 10}
models:
  small: {expects: instruct, sampling: {temperature: 0.2, max_tokens: 500}}
steps:
  step0:
    kind: read
    path: =input_dir
"""
ASKING = """\
  step{n}:
    kind: generate
    from: step{before}
    model: small
    prompt: prompt{n}
    parse:
      pattern: |
        **QUESTION:** {{question{n}}}
        **ANSWER:** {{answer{n}}}
      many: true
    accept:
      question is long enough: question{n} | length > least
      does not mention the text: not (question{n} is matching("the (text|passage|author)"))
    attempts: 3
"""
SETTING = """\
  step{n}:
    kind: map
    from: step{before}
    set:
      note{n}: =text | trim | upper ~ " (" ~ (text | length) ~ ")"
      title{n}: "About {{{{ text | truncate(40) }}}}"
"""
KEEPING = """\
  step{n}:
    kind: filter
    from: step{before}
    keep: text | length > least and (row.source is matching("[.]txt") or text | lower != "none {n}")
"""
OUTPUT = """\
outputs:
  qa.jsonl:
    from: step{last}
    format: sharegpt
    messages:
      - user: "{{{{ question1 }}}}"
      - assistant: "{{{{ answer1 }}}}"
"""
PROMPT = """\
- system: |
    You write a question and its answer about a passage, for reader {n}.
    Write them so that they can be understood without it.
- user: "Passage: The tide rises and it falls, twice a day."
- assistant: |
    **QUESTION:** How often does the tide rise in a day?
    **ANSWER:** Twice, and it falls as often.
- user: |
    Passage: {{{{ text }}}}
    {{% if least > 5 %}}
    The question has more than {{{{ least }}}} characters.
    {{% endif %}}
"""


def write(folder: Path, steps: int) -> Path:
    """The spec with its prompts."""
    (folder / "prompts").mkdir()
    body = [HEAD]
    for n in range(1, steps):
        shape = (ASKING, SETTING, KEEPING)[(n - 1) % 3]
        body.append(shape.format(n=n, before=n - 1))
        if shape is ASKING:
            (folder / "prompts" / f"prompt{n}.yaml").write_text(PROMPT.format(n=n))
    path = folder / "pipeline.yaml"
    path.write_text("".join([*body, OUTPUT.format(last=steps - 1)]))
    return path


def check(path: Path) -> float:
    """CPU milliseconds of one check. Raises `SystemExit` when the spec has an error."""
    started = time.process_time()
    linted = lint_path(path)
    took = time.process_time() - started
    if linted.sink.has_errors:
        raise SystemExit("\n".join(f"{found.code.id} {found.message}" for found in linted.sink.sorted()))
    return took * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    gc.set_threshold(100_000, 20, 50)  # as the command line has it
    with tempfile.TemporaryDirectory(prefix="atk-lint-") as name:
        path = write(Path(name), options.steps)
        first = check(path)
        best = min(check(path) for _ in range(options.rounds))
        prompt = path.parent / "prompts" / "prompt1.yaml"
        edited = []
        for number in range(options.rounds):
            prompt.write_text(PROMPT.format(n=f"number {number}"))
            path.write_text(path.read_text().replace("least > 5", f"least > {number}") + f"# {number}\n")
            edited.append(check(path))
        if options.profile:
            profile = cProfile.Profile()
            profile.runcall(lint_path, path)
            pstats.Stats(profile).sort_stats("tottime").print_stats(50)
            pstats.Stats(profile).sort_stats("cumtime").print_stats(60)
    print(f"python {platform.python_version()}, best of {options.rounds}\n")
    print(f"| a spec of {options.steps} steps | CPU |")
    print("|---|---:|")
    print(f"| the first check in a process | {first:.0f} ms |")
    print(f"| the same once more | {best:.0f} ms |")
    print(f"| after a change in the spec and in a prompt | {min(edited):.0f} ms |")


if __name__ == "__main__":
    main()
