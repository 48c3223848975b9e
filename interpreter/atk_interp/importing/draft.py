"""A draft of a spec from what the Python of a pipeline says of its steps.

The draft runs and lints as far as that goes. What the Python does between the steps, and how it reads replies, is left
to a person: a comment at each step says what stood there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from atk_interp.importing.notes import Notes
from atk_interp.importing.secrets import without_credentials
from atk_interp.importing.steps import PythonStep
from atk_interp.records import dataclass
from atk_interp.reference.yaml_text import flow, scalar
from atk_interp.spec import BUILT_IN_NAMES
from atk_interp.spec.names import RESERVED_NAMES

__all__ = ["Drafted", "draft_spec"]

_SAMPLING = ("temperature", "top_p", "max_tokens", "seed", "stop", "presence_penalty", "frequency_penalty")
_TELLING = (
    *("output_processor", "input_processor", "validation_function", "regex"),
    *("max_retries", "vote_count_needed", "percent_true_to_pass", "variation_generator_count"),
)
_OWN = ("documents", "passages", "chosen", "named", "texts")

_OF_PASSAGES = {"metadata": "row.source", "textname": "row.source", "chunk": "text", "paragraph": "text"}
"""What prompts are filled in with of each passage, in this version of the original or an earlier one, and ours."""

_TYPES = {bool: "bool", int: "int", float: "float"}
_HELP = "A prompt is filled in with it and no step writes it"


@dataclass(frozen=True)
class Drafted:
    """A spec as text. `params` are the parameters that it has for names which nothing in it writes."""

    text: str
    params: tuple[str, ...]


def draft_spec(
    name: str,
    steps: Sequence[PythonStep],
    reads: Mapping[str, frozenset[str]],
    instead: frozenset[str],
    source: str,
    notes: Notes,
    values: Mapping[str, Any],
) -> Drafted:
    """The draft of a pipeline. `reads` are the names that each prompt of it is filled in with, `instead` those of
    prompts that a config may put in their place.

    `values` are defaults of parameters, as far as there are such.
    """
    drafts = _drafts(steps, notes)
    used = {word for draft in drafts for word in _read_by(draft, reads)}
    made = {draft.key for draft in drafts} | {"text", "metadata", *BUILT_IN_NAMES}
    wanted = (used | instead) - {draft.key for draft in drafts}
    passage = {name: field for name, field in _OF_PASSAGES.items() if name in wanted}
    _tell_passage(passage, source, notes)
    params = tuple(sorted(used - made - passage.keys() - RESERVED_NAMES))
    slots = sorted({draft.step.slot or "small" for draft in drafts} or {"small"}, reverse=True)
    lines = [
        f"# Drafted from {source}: its Python was read, and not run. Each step says what is left to do.",
        "spec: atk/v1",
        f"name: {scalar(name)}",
        f"description: {scalar(f'A draft, imported from {source}.')}",
        "",
        *_params(params, values),
        "",
        "models:",
        *(f"  {slot}: {{expects: any}}" for slot in slots),
        "",
        "steps:",
        *_first_steps(passage),
    ]
    before = "named" if passage else "chosen"
    for draft in drafts:
        lines += ["", *_step(draft, before)]
        _tell(draft, [*reads], notes)
        before = draft.gives
    lines += ["", "outputs:", "  rows.jsonl:", f"    from: {before}", "    format: jsonl"]
    return Drafted("\n".join(lines) + "\n", params)


@dataclass(frozen=True)
class _Draft:
    """A step with its name, and the field that it writes."""

    step: PythonStep
    name: str
    key: str
    prompt: str

    @property
    def gives(self) -> str:
        """The step whose rows have the field."""
        return f"with_{self.key}" if self.step.does == "once" else self.name


def _drafts(steps: Sequence[PythonStep], notes: Notes) -> list[_Draft]:
    found: list[_Draft] = []
    for step in steps:
        _tell_credentials(step, notes)
        prompt = re.sub(r"\.(?:ya?ml|json|txt)\Z", "", str(step.arguments.get("prompt_path") or ""))
        if not prompt:
            notes.look(step.file, step.line, f"`{step.name}` names no prompt in a literal, so the draft leaves it out")
            continue
        own = _word(re.sub(r"\A(?:create|make)_|_(?:generation_|pipeline_)?step\Z", "", step.name), "step")
        key = _word(str(step.arguments.get("result_key") or own), own)
        own = f"{own}_once" if step.does == "once" else own  # its field has a step of its own
        found.append(_Draft(step, _unused(own, {*_OWN, *(draft.name for draft in found)}), key, prompt))
    return found


def _tell_credentials(step: PythonStep, notes: Notes) -> None:
    _, names = without_credentials(step.arguments.get("sampling_params"))
    if names:
        told = (
            f"{' and '.join(f'`{name}`' for name in names)} of the sampling is left out: a key has no place in a spec"
        )
        notes.left(step.file, step.line, f"{told}; the config names the variable that holds it (`api_key_env`)")


def _word(text: str, otherwise: str) -> str:
    word = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")
    return word if word and not word[0].isdigit() and word not in RESERVED_NAMES else otherwise


def _unused(word: str, taken: set[str]) -> str:
    number = 2
    found = word
    while found in taken:
        found, number = f"{word}_{number}", number + 1
    return found


def _read_by(draft: _Draft, reads: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The names that the prompts of a step are filled in with."""
    below = [names for prompt, names in reads.items() if prompt.startswith(f"{draft.prompt}/")]
    return frozenset().union(*below) if below else reads.get(draft.prompt, frozenset())


def _params(names: Sequence[str], values: Mapping[str, Any]) -> Iterator[str]:
    yield "params:"
    yield "  input_dir: {type: path, section: path, help: Folder of documents}"
    yield "  output_dir: {type: path, section: path, help: Folder for the rows and the record of the run}"
    yield "  chunk_tokens: {type: int, default: 1000, min: 50, section: system, help: 'Largest passage, in tokens'}"
    yield "  subset_size: {type: int, optional: true, min: 1, section: system, help: Only this many passages}"
    for name in names:
        value = values.get(name)
        default = {} if value is None else {"default": value}
        kind = _TYPES.get(type(value), "text")
        yield f"  {name}: {flow({'type': kind, **default, 'section': 'system', 'help': _HELP})}"


def _tell_passage(passage: Mapping[str, str], source: str, notes: Notes) -> None:
    for name in passage.keys() - {"metadata"}:
        what = "the text of a passage" if passage[name] == "text" else "the name of a document"
        notes.look(source, 0, f"`{name}` is {what} in the draft, as in earlier versions")


def _first_steps(passage: Mapping[str, str]) -> Iterator[str]:
    yield "  documents: {kind: read, path: =input_dir}"
    yield "  passages: {kind: chunk, from: documents, max_tokens: =chunk_tokens}"
    yield "  chosen: {kind: sample, from: passages, count: =subset_size}"
    if passage:
        fields = ", ".join(f"{name}: ={field}" for name, field in passage.items())
        yield f"  named: {{kind: map, from: chosen, set: {{{fields}}}}}"


def _step(draft: _Draft, before: str) -> Iterator[str]:
    step = draft.step
    yield f"  # {step.file}:{step.line}"
    for key in _TELLING:
        if key in step.others:
            yield f"  # {key} was {_short(step.others[key])}"
    if "sampling_params" in step.others:
        yield f"  # sampling_params was {_short(step.others['sampling_params'])}"
    yield f"  {draft.name}:"
    yield f"    kind: { {'vote': 'vote', 'once': 'once'}.get(step.does, 'generate') }"
    if step.does != "once":
        yield f"    from: {before}"
    yield f"    model: {step.slot or 'small'}"
    yield from _asking(draft)
    yield from _sampling(step)
    attempts = step.arguments.get("max_retries")
    yield f"    attempts: {attempts if _is_count(attempts) else 3}"
    yield from _reading(draft)
    if step.does == "once":
        yield f"  {draft.gives}:"
        yield "    kind: map"
        yield f"    from: {before}"
        yield f"    use: {draft.name}"
        yield f"    set: {{{draft.key}: ={draft.name}.{draft.key}}}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return f"`{text[:100]}…`" if len(text) > 100 else f"`{text}`"


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 20


def _asking(draft: _Draft) -> Iterator[str]:
    if draft.step.does == "variations":
        yield f"    prompts: {scalar(draft.prompt.rstrip('/') + '/')}"
        samples = draft.step.arguments.get("variation_generator_count")
        yield f"    samples: {samples if _is_count(samples) else 4}   # how many variations of each row"
    else:
        yield f"    prompt: {scalar(draft.prompt)}"


def _sampling(step: PythonStep) -> Iterator[str]:
    given, _ = without_credentials(step.arguments.get("sampling_params"))
    known = {key: given[key] for key in _SAMPLING if key in given} if isinstance(given, dict) else {}
    extra = {key: value for key, value in given.items() if key not in known} if isinstance(given, dict) else {}
    if known.get("stop") in ([], ""):
        del known["stop"]
    if extra:
        known["extra"] = extra
    if known:
        yield f"    sampling: {flow(known)}"


def _reading(draft: _Draft) -> Iterator[str]:
    """How the reply is read: the simplest parser that gives a row of the same shape."""
    key = draft.key
    match draft.step.does:
        case "many":
            yield f"    parse: {{list: {key}, many: true}}   # choose a parser: one row of each item"
        case "vote":
            count = draft.step.arguments.get("vote_count_needed")
            share = draft.step.arguments.get("percent_true_to_pass")
            yield f'    parse: {{choice: {{"true": true, "false": false}}, into: {key}}}   # choose the words'
            yield f"    votes: {count if _is_count(count) else 3}"
            yield f"    pass: {key} | share >= {share if isinstance(share, float | int) and 0 <= share <= 1 else 0.5}"
        case _:
            yield f"    parse: {{text: {key}}}   # choose a parser"


def _tell(draft: _Draft, prompts: Sequence[str], notes: Notes) -> None:
    step = draft.step
    read = step.others.get("output_processor")
    how = f"`{draft.name}` reads its reply with {_short(read)}" if read else f"`{draft.name}` takes the whole reply"
    notes.look(step.file, step.line, f"{how}: choose a parser (`atk-interp list replies`)")
    if len(step.prompts) > 1:
        others = " or ".join(f"`{prompt}`" for prompt in step.prompts[1:])
        notes.look(step.file, step.line, f"`{draft.name}` asks with `{draft.prompt}` in the draft; it may be {others}")
    there = draft.prompt in prompts or any(prompt.startswith(f"{draft.prompt.rstrip('/')}/") for prompt in prompts)
    if not there:
        notes.look(step.file, step.line, f"there is no prompt `{draft.prompt}` in what was imported")
