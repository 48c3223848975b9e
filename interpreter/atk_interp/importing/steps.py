"""What can be said of a pipeline from its Python, which is read as text and never run.

Steps are calls of known classes (or of classes made from these in the same files) with what their literal arguments
say. Everything else of the Python is out of reach, and told to be.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, TypeGuard

from atk_interp.importing.notes import Notes
from atk_interp.importing.python_values import RUNS, literal_values
from atk_interp.importing.secrets import conceal_python
from atk_interp.records import dataclass
from atk_interp.source import SourceFile

__all__ = ["PythonStep", "Read", "read_python"]

CLASSES = {
    "PipelineStep": "one",
    "DepthFirstPipelineStep": "one",
    "GenerationStep": "one",
    "OneToManyStep": "many",
    "MajorityVoteStep": "vote",
    "RandomVariationStep": "variations",
    "SingleGenerationStep": "once",
}
"""What each class of steps does with a row."""

_HELPERS: Mapping[str, Mapping[str, Any]] = {
    "create_filter_chunks_step": {"prompt_path": "filter", "result_key": "judgement"},
}
"""Functions that make a step, with the arguments that they give it."""


@dataclass(frozen=True)
class PythonStep:
    """A step as the Python makes it. `arguments` are those that are literals, `others` the text of the rest."""

    name: str
    does: str
    file: str
    line: int
    arguments: Mapping[str, Any]
    others: Mapping[str, str]
    slot: str = ""
    prompts: tuple[str, ...] = ()
    """The prompts that it may ask with, where a name stands for them."""
    order: tuple[int, int] = (0, 0)
    """Steps that the Python runs come first, in the order of their lines."""


@dataclass(frozen=True)
class Read:
    """What the Python files of one pipeline say. `names` are all words that could be the name of a field.

    `values` are those that prompts are filled in with from literals, where there is but one for a name.
    """

    steps: tuple[PythonStep, ...]
    names: frozenset[str]
    values: Mapping[str, Any] = field(default_factory=dict)


def read_python(files: Sequence[SourceFile], notes: Notes) -> Read:
    """The steps in Python files, in the order in which they are run as far as it can be told."""
    trees = [(file, tree) for file in files if (tree := _tree(file, notes)) is not None]
    nodes = [node for _, tree in trees for node in ast.walk(tree)]
    known = _Known(_classes(nodes), dict(_inits(nodes)), _constants(nodes))
    makers = dict(made for node in nodes for made in _made_by(node, known.classes))
    known.runs.update({makers.get(name, name): run for node in nodes for name, run in _runs(node)})
    steps = [step for file, tree in trees for node in ast.walk(tree) for step in _steps(node, file, known)]
    names = frozenset(word for node in nodes for word in _words(node))
    return Read(tuple(sorted(steps, key=lambda step: step.order)), names, literal_values(nodes))


@dataclass(frozen=True)
class _Known:
    """What is known before the steps are looked at.

    `classes` are those that make steps, with what these do, `inits` the arguments that each gives to its base, `runs`
    the lines in which steps are run, and whose model answers, `texts` the names that stand for texts.
    """

    classes: Mapping[str, str]
    inits: Mapping[str, Sequence[ast.keyword]]
    texts: Mapping[str, tuple[str, ...]]
    runs: dict[str, tuple[int, str]] = field(default_factory=dict)


def _inits(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, Sequence[ast.keyword]]]:
    """The classes that call `super().__init__(…)`, with its arguments."""
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            yield from ((node.name, call.keywords) for call in ast.walk(node) if _is_base_init(call))


def _is_base_init(node: ast.AST) -> TypeGuard[ast.Call]:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__"):
        return False
    return isinstance(node.func.value, ast.Call) and _called(node.func.value.func) == "super"


def _constants(nodes: Sequence[ast.AST]) -> dict[str, tuple[str, ...]]:
    """The names that stand for texts: all of them where there are several, as under `if`."""
    found: dict[str, tuple[str, ...]] = {}
    unknown: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name, value = node.targets[0].id, _whole(node.value)
            if isinstance(value, str):
                found[name] = tuple(dict.fromkeys((*found.get(name, ()), value)))
            elif not _is_of(node.value, name):
                unknown.add(name)
    return {name: texts for name, texts in found.items() if name not in unknown}


def _is_of(node: ast.AST, name: str) -> bool:
    """Whether a value is made of the one before, as in `path = path + ".yaml"`."""
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node))


def _tree(file: SourceFile, notes: Notes) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in the texts of others
            tree = ast.parse(file.text)
        conceal_python(tree, file.path, notes)
        return tree
    except SyntaxError as error:
        notes.failed(file.path, error.lineno or 0, "it is not Python, so no steps are read from it")
    except (ValueError, RecursionError, MemoryError):
        notes.failed(file.path, 0, "it cannot be read as Python, so no steps are read from it")
    return None


def _classes(nodes: Sequence[ast.AST]) -> dict[str, str]:
    """What each class of steps does, those that the files make from known ones among them."""
    found = dict(CLASSES)
    made = [node for node in nodes if isinstance(node, ast.ClassDef)]
    for _ in made:  # a class may stand before the one that it is made from
        before = len(found)
        for node in made:
            base = next((name for name in map(_called, node.bases) if name in found), None)
            if base is not None:
                found.setdefault(node.name, found[base])
        if len(found) == before:
            break
    return found


def _called(node: ast.AST) -> str:
    """The last name of what is called: `b` of `a.b`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _runs(node: ast.AST) -> Iterator[tuple[str, tuple[int, str]]]:
    """The steps that are run by a call: their names, the line, and which model answers."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUNS):
        return
    engine = next((_text(word.value) for word in node.keywords if word.arg == "engine_wrapper"), "")
    if isinstance(node.func.value, ast.Name):
        yield node.func.value.id, (node.lineno, "large" if "large" in engine else "small")


def _made_by(node: ast.AST, classes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A variable that a function of the files fills with a step, and the function."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Call):
        made = _called(node.value.func)
        if made and made not in classes and made not in _HELPERS:
            yield node.targets[0].id, made


def _steps(node: ast.AST, file: SourceFile, known: _Known) -> Iterator[PythonStep]:
    """The step that a statement makes: `name = Class(…)`, or `return Class(…)` of a function."""
    if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(target, ast.Name):
            yield from _step(target.id, node.value, file, known)
    elif isinstance(node, ast.FunctionDef):
        for part in ast.walk(node):
            if isinstance(part, ast.Return) and isinstance(part.value, ast.Call):
                yield from _step(node.name, part.value, file, known)


def _step(name: str, call: ast.Call, file: SourceFile, known: _Known) -> Iterator[PythonStep]:
    made = _called(call.func)
    if made not in known.classes and made not in _HELPERS:
        return
    given = (*known.inits.get(made, ()), *call.keywords)
    words = {word.arg: _named(word.value, known) for word in given if word.arg is not None}
    literals = {key: value for key, part in words.items() if (value := _literal(part)) is not _NONE}
    run = known.runs.get(name)
    path = next((word.value for word in reversed(given) if word.arg == "prompt_path"), None)
    yield PythonStep(
        name=name,
        does=known.classes.get(made, "one"),
        file=file.path,
        line=call.lineno,
        arguments={**_HELPERS.get(made, {}), **literals},
        others={key: _text(part) for key, part in words.items() if _whole(part) is _NONE},
        slot=run[1] if run else "",
        prompts=known.texts.get(path.id, ()) if isinstance(path, ast.Name) else (),
        order=(0, run[0]) if run else (1, call.lineno),
    )


def _named(node: ast.expr, known: _Known) -> ast.expr:
    """The text that a name stands for, in its place; the first where there are several."""
    if isinstance(node, ast.Name) and node.id in known.texts:
        return ast.Constant(known.texts[node.id][0])
    return node


_NONE = object()


def _whole(node: ast.AST) -> Any:
    """The value of a literal, or `_NONE`."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return _NONE


def _literal(node: ast.AST) -> Any:
    """The value of a literal; of a mapping the parts that are; of a choice the first; else `_NONE`."""
    if isinstance(node, ast.IfExp):
        return _literal(node.body)
    if isinstance(node, ast.Dict):
        pairs = [(_whole(key), _whole(value)) for key, value in zip(node.keys, node.values, strict=True) if key]
        return {key: value for key, value in pairs if isinstance(key, str) and value is not _NONE}
    return _whole(node)


def _text(node: ast.AST) -> str:
    try:
        return ast.unparse(node)
    except RecursionError:
        return "…"


def _words(node: ast.AST) -> Iterator[str]:
    """The words at a node that might be the name of a field."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.arg | ast.keyword) and node.arg:
        yield node.arg
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
        yield node.value
