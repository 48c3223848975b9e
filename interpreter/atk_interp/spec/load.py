"""From a document to a `PipelineSpec`: shape only. Steps are checked against the options of their kinds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from atk_interp.diagnostics import Sink, did_you_mean
from atk_interp.document import Document, Path
from atk_interp.installed import in_words, why_refused
from atk_interp.spec import codes
from atk_interp.spec.declared import load_params, load_requirements
from atk_interp.spec.misplaced import AT_THE_START, NamedMappings, is_section, looks_like
from atk_interp.spec.model import Check, ModelSlot, Output, PipelineSpec, Step
from atk_interp.spec.names import check_name
from atk_interp.spec.options import Option, Takes, cerberus_schema
from atk_interp.spec.schema import (
    LISTED_CHECKS,
    OUTPUT_SCHEMA,
    SLOT_SCHEMA,
    SPEC_SCHEMA,
    STEP_SCHEMA,
)
from atk_interp.spec.stopping import stopping
from atk_interp.spec.validate import validate

__all__ = ["LANGUAGE_VERSION", "OWN_FILES", "load_spec", "load_steps"]

LANGUAGE_VERSION = "atk/v1"
_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]")
_NOTHING_REFUSED: Mapping[str, str] = MappingProxyType({})


def load_spec(
    document: Document,
    kinds: Mapping[str, Sequence[Option]],
    formats: Mapping[str, Sequence[Option]],
    sink: Sink,
) -> PipelineSpec | None:
    """The spec in a document; None when it is no mapping at all.

    `kinds` and `formats` give the options of each step kind and output format. Steps and outputs that are
    malformed are reported and left out; whether the spec may be compiled is for the sink to say.
    """
    data = document.data
    if not isinstance(data, dict):
        help_ = "begin with `spec: atk/v1`; a prompt file is checked with the spec that names it"
        told = "a spec is a mapping of keys to values"
        sink.report(codes.NOT_A_MAPPING, document.head_span(()), told, help=help_)
        return None
    schema = {**SPEC_SCHEMA, "checks": LISTED_CHECKS} if isinstance(data.get("checks"), list) else SPEC_SCHEMA
    validate(document, (), schema, sink, what="at the top of a spec", explain=lambda key: looks_like(data.get(key)))
    _check_version(document, sink)
    if "stop_when_rejected" in data:
        stopping(document, ("stop_when_rejected",), sink)
    if _CONTROL.search(str(data.get("name", ""))):
        help_ = "use letters, digits and underscores"
        sink.report(codes.BAD_NAME, document.span(("name",)), "the name holds control characters", help=help_)
    return PipelineSpec(
        name=str(data.get("name", "")),
        description=str(data.get("description") or ""),
        params=load_params(document, sink),
        models=_slots(document, sink),
        steps=load_steps(document, ("steps",), kinds, sink),
        outputs=_outputs(document, formats, sink),
        document=document,
        checks=tuple(_checks(document)),
        requires=tuple(load_requirements(document, sink)),
    )


def _check_version(document: Document, sink: Sink) -> None:
    version = document.get(("spec",))
    if isinstance(version, str) and version != LANGUAGE_VERSION:
        sink.report(
            codes.UNSUPPORTED_VERSION,
            document.span(("spec",)),
            f"this program reads `{LANGUAGE_VERSION}`, not `{version}`",
            help=f"write `spec: {LANGUAGE_VERSION}`, or update atk-interp",
        )


def _slots(document: Document, sink: Sink) -> dict[str, ModelSlot]:
    slots: dict[str, ModelSlot] = {}
    found = NamedMappings(document, ("models",), "model slot", lambda has: SLOT_SCHEMA, sink)
    for name, data in found.items():
        path: Path = ("models", name)
        check_name(name, "model slot", document, path, sink)
        if found.fits(name, SLOT_SCHEMA, "in a model slot"):
            slots[name] = ModelSlot(name, data.get("expects", "any"), data.get("sampling", {}), path)
        else:
            slots[name] = ModelSlot(name, path=path)  # told here, and not again where it is asked
    return slots


def load_steps(
    document: Document,
    base: Path,
    kinds: Mapping[str, Sequence[Option]],
    sink: Sink,
    refused: Mapping[str, str] = _NOTHING_REFUSED,
) -> dict[str, Step]:
    """The steps in the mapping at a path: those of the spec, or of a step that has some of its own.

    `refused` are keys that steps may have elsewhere and not here, each with what to do instead.
    """
    steps: dict[str, Step] = {}
    found = NamedMappings(document, base, "step", partial(_keys, STEP_SCHEMA, "kind", kinds), sink)
    keys = {key: rules for key, rules in STEP_SCHEMA.items() if key not in refused}
    for name, data in found.items():
        path: Path = (*base, name)
        if isinstance(data, dict) and "format" in data and "kind" not in data:
            _stands_wrong(document, path, "an output", "outputs", sink)
            continue
        named = check_name(name, "step", document, path, sink)
        kind = data.get("kind") if isinstance(data, dict) else None
        if isinstance(kind, str) and kind not in kinds:
            near = did_you_mean(kind, kinds)
            refused_kind = why_refused(kinds, kind)
            sink.report(
                codes.UNKNOWN_KIND,
                document.span((*path, "kind")),
                refused_kind or f"there is no step kind `{kind}`",
                notes=["kinds are " + in_words(kinds)] if not near and not refused_kind else (),
                help=near if not refused_kind else "install another version of the package",
            )
        options = kinds.get(kind) if isinstance(kind, str) else None
        schema = {**keys, **cerberus_schema(options or ())}
        if options is None:
            schema = {**schema, **{key: {} for key in (data if isinstance(data, dict) else {}) if key not in schema}}
        explain = _belongs_to(kinds, refused, data)
        valid = found.fits(name, schema, f"in a `{kind}` step" if isinstance(kind, str) else "in a step", explain)
        steps[name] = _step(name, data, path, valid and named and options is not None, options or ())
    return steps


def _checks(document: Document) -> Iterator[Check]:
    found = document.get(("checks",))
    for key, written in (
        found.items() if isinstance(found, dict) else enumerate(found if isinstance(found, list) else ())
    ):
        if isinstance(written, str):  # else it is told
            label = key if isinstance(key, str) else " ".join(written.removeprefix("=").split())
            yield Check(label, ("checks", key))


def _keys(
    common: Mapping[str, Any], selector: str, table: Mapping[str, Sequence[Option]], has: Mapping[str, Any]
) -> set[str]:
    """The keys that a step or output may have: those of its kind or format, or of all where it names none."""
    named = has.get(selector)
    listed = [table[named]] if isinstance(named, str) and named in table else table.values()
    return {*common, *(option.name for options in listed for option in options)}


def _stands_wrong(document: Document, path: Path, what: str, home: str, sink: Sink) -> None:
    told = f"`{path[-1]}` looks like {what}, and stands below `{path[-2]}`"
    sink.report(codes.UNKNOWN_KEY, document.key_span(path), told, help=f"move it below `{home}`")


def _step(name: str, data: Any, path: Path, valid: bool, kind: Sequence[Option]) -> Step:
    given: dict[str, Any] = data if isinstance(data, dict) else {}
    options = {key: value for key, value in given.items() if key not in STEP_SCHEMA}
    naming = ("use", *(option.name for option in kind if option.takes is Takes.STEP))
    sides = {key: _listed(given[key]) for key in naming if key in given}
    return Step(name, str(given.get("kind")), _listed(given.get("from")), "when" in given, options, path, valid, sides)


def _listed(names: Any) -> tuple[str, ...]:
    """A name, or a list of names."""
    listed = [names] if isinstance(names, str) else names if isinstance(names, list) else []
    return tuple(name for name in listed if isinstance(name, str))


def _belongs_to(kinds: Mapping[str, Sequence[Option]], refused: Mapping[str, str], data: Any) -> Any:
    def explain(key: str) -> str | None:
        if key in refused:
            return refused[key]
        if key in SPEC_SCHEMA and is_section(data[key]):
            return f"`{key}` is a key of the spec: {AT_THE_START}"
        owners = [f"`{kind}`" for kind, options in kinds.items() if any(option.name == key for option in options)]
        if not 0 < len(owners) <= 8:
            return None
        *others, last = owners
        return f"`{key}` belongs to {', '.join(others)}{' and ' if others else ''}{last}"

    return explain


LEAVES_FOLDER = r"(^|[/\\])\.\.([/\\]|$)|^[/\\~]|^[A-Za-z]:|\\"
"""What the name of an output must not match."""
OWN_FILES = ("run.json", "rejected.jsonl", "events.jsonl", "report.html")
"""What a run writes into its output folder beside the outputs."""


def _name_problem(output: str) -> str | None:
    """Why an output cannot have a name; None when it can."""
    if re.search(LEAVES_FOLDER, output) or output.strip() in ("", "."):
        return "leaves the output folder"
    if _CONTROL.search(output):
        return "holds control characters"
    file = output.lower().rpartition("/")[2]
    if file.startswith(".") or ".incomplete." in file:
        return "looks like a file that is not finished"
    if ".trial." in file:
        return "looks like a file of a trial"
    return "is the name of a file that every run writes" if file in OWN_FILES else None


def _outputs(document: Document, formats: Mapping[str, Sequence[Option]], sink: Sink) -> dict[str, Output]:
    outputs: dict[str, Output] = {}
    found = NamedMappings(document, ("outputs",), "output", partial(_keys, OUTPUT_SCHEMA, "format", formats), sink)
    for name, data in found.items():
        path: Path = ("outputs", name)
        if isinstance(data, dict) and "kind" in data and "format" not in data:
            _stands_wrong(document, path, "a step", "steps", sink)
            continue
        problem = _name_problem(name)
        if problem is not None:
            help_ = "write a file name, such as `dataset.jsonl`"
            sink.report(codes.BAD_NAME, document.key_span(path), f"`{name}` {problem}", help=help_)
            continue
        format_ = data.get("format") if isinstance(data, dict) else None
        known = isinstance(format_, str) and format_ in formats
        if isinstance(format_, str) and (refused := why_refused(formats, format_) if not known else None):
            help_ = "install another version of the package"
            sink.report(codes.BAD_VALUE, document.span((*path, "format")), refused, help=help_)
            continue
        schema: dict[str, Any] = {
            **OUTPUT_SCHEMA,
            "format": {**OUTPUT_SCHEMA["format"], "allowed": [format_] if known else list(formats)},
            **cerberus_schema(formats.get(format_, ()) if isinstance(format_, str) else ()),
        }
        if not known and isinstance(data, dict):
            schema = {**schema, **{key: {} for key in data if key not in schema}}
        if found.fits(name, schema, f"in a `{format_}` output" if isinstance(format_, str) else "in an output"):
            options = {key: value for key, value in data.items() if key not in ("from", "format")}
            outputs[name] = Output(name, data["from"], data["format"], options, path)
    return outputs
