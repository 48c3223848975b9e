"""One step alone, through its real checks and binding: these options and rows, those rows and losses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from atk_interp.diagnostics import Sink
from atk_interp.document import parse_document
from atk_interp.flow import analyse
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import (
    AcceptedCall,
    Attempt,
    Beside,
    BoundStep,
    Dropped,
    Notice,
    PureStep,
    Scratch,
    SetStep,
    SourceStep,
    Turn,
    UsedUp,
)
from atk_interp.llm.messages import Reply
from atk_interp.llm.vectors import Vector, word_vector
from atk_interp.runtime.barrier import RowScratch
from atk_interp.source import SourceFile
from atk_interp.spec import Takes
from atk_interp.values import Row, root_id

__all__ = ["Applied", "NoCalls", "applied"]


@dataclass
class NoCalls:
    """The context of steps that ask no model but for vectors, which are those of the words."""

    notes: list[Notice] = field(default_factory=list)
    given: Mapping[str, list[Row]] = field(default_factory=dict)
    lessons: list[str] = field(default_factory=list)

    def others(self, key: str) -> Iterator[Row]:
        return iter(self.given[key])

    def scratch(self) -> Scratch:
        return RowScratch()

    async def call(self, *args: Any, **options: Any) -> Reply:
        raise AssertionError("this step asks no model")

    async def embed(
        self, slot: str, texts: Sequence[str], *, query: bool = False, row: Row | None = None
    ) -> list[Vector]:
        return [word_vector(text) for text in texts]

    def vectors(self, slot: str, texts: Iterable[str], *, query: bool = False) -> Iterator[Vector]:
        return map(word_vector, texts)

    def asked(self, items: Iterable[Any], ask: Any) -> Iterator[Any]:
        raise AssertionError("this step asks no model")

    def failed(self, row: Row, attempt: Attempt) -> None:
        raise AssertionError("this step asks no model")

    def further(self, used_up: UsedUp, given: int) -> Turn | None:
        raise AssertionError("this step asks no model")

    @property
    def wants_calls(self) -> bool:
        return False

    def accepted(self, call: AcceptedCall) -> None:
        raise AssertionError("this step asks no model")

    def learned(self, text: str) -> None:
        self.lessons.append(text)

    def merged(self, row: Row, members: Sequence[str]) -> None:
        """What comes out tells it."""

    def first_sample(self, row: Row) -> int:
        return 0

    def note(self, notice: Notice) -> None:
        self.notes.append(notice)

    def refused(self, dropped: Dropped) -> None:
        raise AssertionError("this step reads no replies")


@dataclass
class Applied:
    """What came of the rows: `fields` of those that came out, and those that did not."""

    rows: list[Row]
    dropped: list[Dropped]
    notes: list[Notice]
    beside: list[Beside] = field(default_factory=list)
    learned: list[str] = field(default_factory=list)
    """What the step has told to have learned of them."""

    @property
    def fields(self) -> list[dict[str, Any]]:
        return [dict(row.fields) for row in self.rows]


def applied(
    kind: str,
    options: Mapping[str, Any],
    given: Sequence[Mapping[str, Any]] = (),
    *,
    params: Mapping[str, Any] | None = None,
    types: Mapping[str, str] | None = None,
    folder: Path = Path(),
    seed: int = 0,
    others: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> Applied:
    """Apply a step to rows. `params` are values, `types` their types where it is not text.

    `others` are the rows of the steps that options name, by the name of the option.
    """
    bound = _bound(kind, options, given, dict(params or {}), dict(types or {}), folder, seed)
    runner = KINDS[kind].bind(bound)
    context = NoCalls(given={key: _rows(fields) for key, fields in (others or {}).items()})
    rows = _rows(given)
    found: Iterable[Row | Dropped | Beside]
    match runner:
        case SourceStep():
            found = runner.rows(context)
        case SetStep():
            found = runner.apply(iter(rows), context)
        case PureStep():
            results = [runner.apply(row) for row in rows]
            found = [item for made in results for item in ([made] if isinstance(made, Dropped) else made)]
        case _:
            raise AssertionError(f"`{kind}` asks a model")
    made = list(found)
    return Applied(
        [item for item in made if isinstance(item, Row)],
        [item for item in made if isinstance(item, Dropped)],
        context.notes,
        [item for item in made if isinstance(item, Beside)],
        context.lessons,
    )


def _rows(given: Sequence[Mapping[str, Any]]) -> list[Row]:
    return [
        Row(root_id(dict(fields), list(given[:n]).count(fields)), f"f{n}.txt", (n,), dict(fields))
        for n, fields in enumerate(given)
    ]


def _bound(
    kind: str,
    options: Mapping[str, Any],
    given: Sequence[Mapping[str, Any]],
    params: dict[str, Any],
    types: dict[str, str],
    folder: Path,
    seed: int,
) -> BoundStep:
    is_source = KINDS[kind].cardinality.value == "source"
    step = {"kind": kind, **({} if is_source else {"from": "given"}), **options}
    named = [options[option.name] for option in KINDS[kind].options if option.takes is Takes.STEP]
    spec = {
        "spec": "atk/v1",
        "name": "t",
        "params": {name: {"type": types.get(name, "text"), "optional": True} for name in params},
        **({"models": {options["model"]: {"expects": "embedding"}}} if "model" in options else {}),
        "steps": {
            **({} if is_source else {"given": {"kind": "input"}}),
            **{name: {"kind": "input"} for name in named},
            "step": step,
        },
    }
    sink = Sink()
    document = parse_document(SourceFile("t.yaml", yaml.safe_dump(spec, sort_keys=False, allow_unicode=True)), sink)
    assert document is not None, sink.sorted()
    analysis = analyse(document, folder, sink)
    assert analysis is not None
    assert not sink.has_errors, sink.sorted()
    return BoundStep(analysis.views["step"], params, seed, {}, folder, [dict(row) for row in given])
