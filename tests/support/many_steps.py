"""A pipeline with a step of every kind, for what must hold whatever the steps are.

The model is a script, and what it says depends on what it is asked alone: words and numbers of the documents, some of
which are not acceptable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["INNER", "PROMPTS", "SCRIPT", "SPEC", "documents", "reply_to", "write_all"]

SPEC = """\
spec: atk/v1
name: many
params:
  input_dir: {type: path}
  output_dir: {type: path}
  words: {type: int, default: 14}
  least: {type: int, default: 3}
  tone: {type: text, default: plain}
  unread: {type: int, default: 1}
models:
  m: {expects: any, sampling: {temperature: 0.5}}
  n: {expects: any}
steps:
  documents: {kind: read, path: =input_dir}
  passages: {kind: chunk, from: documents, max_tokens: =words}
  topics: {kind: rows, rows: [{topic: tides, weight: 2}, {topic: salt, weight: 1}, {topic: moon, weight: 4}]}
  levels: {kind: draw, count: 6, fields: {level: {choice: [easy, hard, odd]}, size: {int: [1, 9]}}}
  drawn: {kind: draw, from: passages, fields: {mood: {choice: [glad, sad]}}}
  asked:
    kind: generate
    from: drawn
    model: m
    prompt: ask
    samples: 2
    parse: {regex: 'SAYS (?P<word>[a-z]+) (?P<number>[0-9]+)'}
    accept:
      no nine: number[-1] != "9"
    attempts: 2
    keep: number[-1] != "4"
  long: {kind: filter, from: asked, keep: number | length >= least - 2}
  named: {kind: map, from: long, set: {label: =word ~ number, about: "{{ tone }} {{ word }}"}}
  listed: {kind: map, from: named, set: {parts: '=[word, number]'}, when: number != "7"}
  whole: {kind: group, from: named, by: '"all"', collect: {seen: =word}}
  rubric: {kind: once, from: whole, model: n, prompt: rubric, parse: {text: rule}}
  parted: {kind: explode, from: listed, field: parts, into: part}
  judged:
    kind: vote
    from: [named, parted]
    use: rubric
    model: m
    prompt: judge
    parse: {choice: [good, poor], into: mark}
    votes: 3
    pass: (mark | first) == "good" and rubric.rule | length > 2
  polished:
    kind: loop
    from: judged
    steps:
      better: {kind: generate, model: n, prompt: better, parse: {text: said}, accept: {not bad: '"BAD" not in said'}}
      kept: {kind: filter, keep: said | length > 1}
    until: round >= 2 or number[-1] == "3"
    max_rounds: 3
    on_exhausted: keep
  nested:
    {kind: pipeline, from: polished, pipeline: inner.yaml, with: {style: =tone}, models: {o: n}, when: number != "5"}
  graded: {kind: group, from: nested, by: word, collect: {numbers: =number}, first: [number, word]}
  joined: {kind: join, from: topics, with: graded, by: topic, with_by: word, how: left, take: [numbers]}
  labelled: {kind: map, from: levels, set: {label: '="level" ~ size'}}
  levelled: {kind: pipeline, from: labelled, pipeline: inner.yaml, models: {o: m}, matrix: {style: [one, two]}}
  some: {kind: sample, from: nested, count: 9}
  mixed: {kind: shuffle, from: some}
  sorted: {kind: sort, from: mixed, by: number}
  first: {kind: limit, from: sorted, count: 6}
  split: {kind: split, from: first, shares: {train: 0.5, test: 0.5}}
outputs:
  split.jsonl: {from: split, format: jsonl}
  nested.jsonl: {from: nested, where: 'number[-1] != "8"', format: jsonl}
  joined.jsonl: {from: joined, format: jsonl}
  levelled.jsonl: {from: levelled, format: jsonl}
  asked.jsonl: {from: asked, format: jsonl}
  calls.jsonl: {from: nested, steps: [asked, rubric, judged, polished, nested], format: calls}
  calls_levelled.jsonl: {from: levelled, format: calls}
"""
INNER = """\
spec: atk/v1
name: inner
params:
  output_dir: {type: path, optional: true}
  style: {type: text, default: none}
models:
  o: {expects: any, sampling: {max_tokens: 50}}
steps:
  given: {kind: input}
  styled: {kind: map, from: given, set: {styled: "{{ style }}"}}
  told: {kind: generate, from: styled, model: o, prompt: tell, parse: {text: told}}
outputs:
  out.jsonl: {from: told, where: told | length > 1, format: jsonl}
"""
PROMPTS = {
    "ask.yaml": "- system: '{% include \"manner.txt\" %}'\n- user: Ask about {{ text }} for {{ mood }}\n",
    "manner.txt": "Be brief.",
    "rubric.yaml": '- user: "Rule for {{ seen | length }} words"\n',
    "judge.yaml": "- user: Judge {{ label }} {{ part or 'all' }} by {{ rubric.rule }}\n",
    "better.yaml": "- user: Better {{ label }} {{ said or '' }}\n",
    "tell.yaml": '- user: "Tell in {{ styled }} {{ label }}"\n',
}
SCRIPT: list[dict[str, Any]] = [
    {
        "when": {"matching": r"Ask about.*?(?P<word>tides|salt|moon) (?P<number>\d+)"},
        "reply": r"SAYS \g<word> \g<number>",
    },
    {"when": {"contains": "Ask about"}, "reply": "nothing to say"},
    {"when": {"contains": "Rule for"}, "reply": "be good"},
    {"when": {"matching": r"Judge \w*6"}, "reply": "poor"},
    {"when": {"contains": "Judge"}, "reply": "good"},
    {"when": {"matching": r"Better \w*2\b"}, "reply": "BAD"},
    {"when": {"matching": r"Better (?P<label>\w+)"}, "reply": r"\g<label> is better"},
    {"when": {"matching": r"Tell in (?P<style>\w+) (?P<label>\w+)"}, "reply": r"told \g<style> \g<label>"},
]


def documents(folder: Path, numbers: Iterable[int] = range(7)) -> Path:
    """Documents of a few sentences, some of which have nothing that can be asked about."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        about = ("tides", "salt", "moon", "dust")[number % 4]
        sentences = [f"This is about {about} {number}{n} and it says little more." for n in range(number % 3 + 1)]
        (folder / f"{number:02}.txt").write_text("\n\n".join(sentences))
    return folder


def reply_to(asked: str) -> str:
    """What the script says to the text of all messages: for a server."""
    for rule in SCRIPT:
        when = rule["when"]
        if "contains" in when and when["contains"] in asked:
            return str(rule["reply"])
        found = re.search(when["matching"], asked) if "matching" in when else None
        if found is not None:
            return str(found.expand(rule["reply"]))
    raise AssertionError(asked)


def write_all(folder: Path, **config: Any) -> Path:
    """The files of the pipeline; its config, which has room for more keys."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prompts").mkdir(exist_ok=True)
    (folder / "pipeline.yaml").write_text(SPEC)
    (folder / "inner.yaml").write_text(INNER)
    for name, text in PROMPTS.items():
        (folder / "prompts" / name).write_text(text)
    (folder / "script.json").write_text(json.dumps(SCRIPT))
    scripted = {"provider": "scripted", "script": "script.json", "concurrency": 8}
    models = {"m": scripted, "n": {**scripted, "model": "other"}}
    path = folder / "config.yaml"
    path.write_text(json.dumps({"pipeline": "pipeline.yaml", "models": models, **config}))
    return path
