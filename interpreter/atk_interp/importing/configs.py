"""A config of another project as one of ours: renamed parameters, endpoints under `models:`, no keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any

from atk_interp.diagnostics import Sink, did_you_mean
from atk_interp.document import Document, load_document, parse_as_others_do
from atk_interp.elsewhere import Composed, Goal, Key, Values
from atk_interp.formats.outputs import OUTPUT_OPTIONS
from atk_interp.importing.endpoints import endpoints
from atk_interp.importing.notes import Notes
from atk_interp.importing.settings import Setting, Settings
from atk_interp.importing.values import changed, fitted, truth
from atk_interp.importing.work import leaf
from atk_interp.kinds import KIND_OPTIONS
from atk_interp.records import dataclass
from atk_interp.reference.yaml_text import flow, yaml_text
from atk_interp.source import SourceFile
from atk_interp.spec import Param, PipelineSpec, check_value, load_spec
from atk_interp.stock import stock_folders

__all__ = ["Target", "config_text", "given_by", "read_config", "spec_of", "stock_spec"]

_BLANKS = {"model": "the model's name", "base_url": "the address of the service"}


@dataclass(frozen=True)
class Target:
    """What a config is written for. `pipeline` is how the config names it, `prompts` are folders from the config.

    `keys` lead from the keys of the original to parameters, or say why there is none. `moved` gives a path of the
    original as it is written in the config.
    """

    spec: PipelineSpec
    pipeline: str
    keys: Mapping[str, Goal]
    slots: Mapping[str, str]
    whole: frozenset[str] = frozenset()
    prompts: tuple[str, ...] = ()
    moved: Callable[[str], str] = lambda path: path
    subset: str = "subset_size"
    firsts: Mapping[str, str] = field(default_factory=dict)
    composed: Callable[[Values], Iterable[Composed]] | None = None


@dataclass(frozen=True)
class Read:
    """What a config gives: its parameters, the entries of `models:` by our slots, and its seed."""

    given: _Given
    models: dict[str, dict[str, Any]]
    seed: Any


def read_config(file: SourceFile, notes: Notes) -> Document | None:
    """The document of a config, which is not told of as others are: its lines may hold keys."""
    sink = Sink()
    document = parse_as_others_do(file, sink)
    for found in sink.sorted():
        line = found.span.begin.line if found.span else 0
        if document is None:
            notes.failed(file.path, line, f"it cannot be read as YAML here ({found.code.name})")
        elif found.code.name != "unknown-tag":
            told = (
                "a key is given twice; the last one counts" if found.code.name == "duplicate-key" else found.code.name
            )
            notes.look(file.path, line, told)
    if document is not None and not isinstance(document.data, dict):
        notes.failed(file.path, 0, "it is no config")
        return None
    return document


def stock_spec(name: str) -> PipelineSpec | None:
    """A pipeline that comes along, by its name; None where there is none."""
    for folder in stock_folders():
        document = load_document(folder / name / "pipeline.yaml", Sink())
        if document is not None:
            return spec_of(document)
    return None


def spec_of(document: Document) -> PipelineSpec:
    """The spec in a document of ours, whatever is wrong with its steps."""
    spec = load_spec(document, KIND_OPTIONS, OUTPUT_OPTIONS, Sink())
    assert spec is not None
    return spec


def config_text(document: Document, target: Target, notes: Notes) -> str:
    """Our config for one of another project; what becomes of every key of it is in the notes."""
    read = given_by(document, target, notes)
    lines = [
        f"# Imported from {' '.join(document.file.path.split())}. Paths are relative to this file.",
        "",
        f"pipeline: {flow(target.pipeline)}",
        *_prompt_lines(target),
        *_seed_lines(read.seed),
        *read.given.lines(),
        *_model_lines(read.models, target, read.given.settings, notes),
    ]
    return "\n".join(lines) + "\n"


def given_by(document: Document, target: Target, notes: Notes) -> Read:
    """What a config gives, by our names; what becomes of every key of it is in the notes."""
    settings = Settings(document, target.whole, notes, target.firsts)
    _tell_firsts(document.data, target, settings.file, notes)
    given = _Given(settings, target, notes)
    models = endpoints(settings, target.slots, settings.value("concurrency_limit"), notes)
    for name in ("pipeline", "prompts", "default_prompts", "no_flatten"):
        settings.take(name)
    given.subset()
    given.composed()
    seed = settings.value("seed")
    taking = {name for name, goal in target.keys.items() if isinstance(goal, tuple) or getattr(goal, "make", None)}
    for setting in settings.rest(first=taking):
        given.setting(setting)
    return Read(given, models, seed)


def _tell_firsts(data: Mapping[str, Any], target: Target, file: str, notes: Notes) -> None:
    """Tell of lists of which one entry alone is taken."""
    for key in target.firsts:
        entries = leaf(data, key)
        if isinstance(entries, list) and len(entries) > 1:
            told = f"of the {len(entries)} entries of `{key}` the first is taken; write a second config for another one"
            notes.look(file, 0, told)


def _prompt_lines(target: Target) -> list[str]:
    return ["", f"prompts: {flow(list(target.prompts))}"] if target.prompts else []


def _seed_lines(seed: Any) -> list[str]:
    return ["", f"seed: {seed}"] if isinstance(seed, int) and not isinstance(seed, bool) else []


def _model_lines(models: dict[str, dict[str, Any]], target: Target, settings: Settings, notes: Notes) -> list[str]:
    known = {slot: entry for slot, entry in models.items() if slot in target.spec.models}
    for slot in sorted(models.keys() - known.keys()):
        notes.left(settings.file, 0, f"`{target.spec.name}` asks no model `{slot}`, so its endpoint is left out")
    lines = ["", "models:"] if known else []
    for slot, entry in known.items():
        if "model" not in entry:
            notes.look(settings.file, 0, f"the model of the slot `{slot}` was never filled in")
            entry = {"model": None, **entry}
        lines.append(f"  {slot}:")
        lines += [
            f"    {key}:   # {_BLANKS[key]}" if value is None else f"    {key}: {flow(value)}"
            for key, value in entry.items()
        ]
    return lines


class _Given:
    """The parameters that a config gives, by our names."""

    def __init__(self, settings: Settings, target: Target, notes: Notes) -> None:
        self.settings = settings
        self.target = target
        self.notes = notes
        self._values: dict[str, tuple[Any, str, Any]] = {}
        """The value of each parameter, None for one to fill in, a comment, and what was not wholly filled in."""
        self._won: set[str] = set()

    def subset(self) -> None:
        """`use_subset` switches `subset_size`; here a size that is given counts."""
        wanted, size = self.settings.value("use_subset", True), self.settings.take("subset_size")
        if self.target.subset not in self.target.spec.params:
            if size is not None:
                self._left(size, "there is no subset of this pipeline")
        elif size is not None and truth(wanted) is not False:
            self._put(self.target.subset, size, size.value)
        elif size is not None:
            self.notes.renamed(self.settings.file, size.line, "`use_subset` was off, so `subset_size` is left out")

    def composed(self) -> None:
        """What is made of several settings at once."""
        for made in self.target.composed(self._value) if self.target.composed else ():
            if made.told:
                self.notes.renamed(self.settings.file, 0, made.told)
            if made.value is not None:
                self._put(made.to, Setting(made.to, made.value, 0), made.value)

    def _value(self, name: str) -> Any:
        setting = self.settings.take(name)
        if setting is not None and setting.is_blank:
            self.notes.look(self.settings.file, setting.line, f"`{name}` was never filled in")
        return None if setting is None else setting.value

    def setting(self, setting: Setting) -> None:
        """One setting that nobody has dealt with yet."""
        found = self.target.keys.get(setting.name)
        if setting.is_secret and (found is None or isinstance(found, str)):
            self.notes.left(self.settings.file, setting.line, f"`{setting.name}` is a secret that nothing here needs")
        elif found is None and setting.name in self.target.spec.params:
            self._put(setting.name, setting, setting.value)
        elif found is None:
            near = did_you_mean(setting.name, [*self.target.keys, *self.target.spec.params])
            self._left(setting, f"`{self.target.spec.name}` has no parameter for it" + (f"; {near}" if near else ""))
        elif isinstance(found, str):
            self._left(setting, found)
        else:
            for key in found if isinstance(found, tuple) else (found,):
                self._lead(setting, key)

    def _lead(self, setting: Setting, key: Key) -> None:
        """Give the parameter that a key leads to its value."""
        if key.to not in self.target.spec.params:
            self._left(setting, f"`{self.target.spec.name}` has no parameter `{key.to}`")
            return
        value = key.make(setting.value, self.settings.value) if key.make else changed(setting.value, key)
        if value is None and not setting.is_blank:
            if not isinstance(setting.value, dict | list):
                self._left(setting, f"`{key.to}` has no `{setting.value}`")
            return
        if key.to != setting.name or key.told:
            name = f"`{setting.name}` is `{key.to}`" if key.to != setting.name else f"`{setting.name}`"
            told = f"{name}: {key.told}" if key.told else name
            self.notes.renamed(self.settings.file, setting.line, told)
        unfilled = setting.unfilled
        if unfilled is not None:
            unfilled = key.make(unfilled, self.settings.value) if key.make else changed(unfilled, key)
        self._put(key.to, setting, value, unfilled if unfilled != value else "", wins=key.wins)

    def _left(self, setting: Setting, why: str) -> None:
        """Tell why a setting is left out. Where it switches something off, nothing is lost."""
        if setting.value in (False, None, "", [], {}) and not setting.is_blank:
            return
        self.notes.left(self.settings.file, setting.line, f"`{setting.name}`: {why}")

    def _put(self, name: str, setting: Setting, value: Any, unfilled: Any = None, *, wins: bool = False) -> None:
        param = self.target.spec.params[name]
        if name in self._won:
            return
        self._won |= {name} if wins else set()
        if name in self._values and not wins:
            told = f"`{setting.name}` leads to `{name}` as another key does; the first one is taken"
            self.notes.look(self.settings.file, setting.line, told)
            return
        comment = "attention was asked for here" if setting.wants_attention else ""
        if setting.is_blank:
            self.notes.look(self.settings.file, setting.line, f"`{setting.name}` was never filled in")
            comment = "never filled in"
        elif value is not None:
            value = fitted(value, param)
            problem = check_value(param, value)
            if problem is not None:
                self.notes.look(self.settings.file, setting.line, f"`{setting.name}` does not fit: {problem}")
                value, comment = None, "what it had does not fit"
            elif param.type == "path":
                value = self.target.moved(str(value))
        self._values[name] = (value, comment, setting.unfilled if unfilled is None else unfilled)

    @property
    def values(self) -> dict[str, Any]:
        """The values by the names of our parameters, but for those that are left to fill in."""
        return {name: value for name, (value, _, _) in self._values.items() if value is not None}

    def lines(self) -> list[str]:
        """The parameters under the headings of their sections; what is required and not given is left to fill in."""
        sections: dict[str, list[str]] = {}
        for name, param in self.target.spec.params.items():
            if name not in self._values and not param.required:
                continue
            value, comment, unfilled = self._values.get(name, (None, "not in the original", None))
            lines = [*_param_lines(param, value, comment), *_unfilled_lines(param, unfilled)]
            sections.setdefault(param.section, []).extend(lines)
        return [line for section, lines in sections.items() for line in ["", *_under(section, lines)]]


def _under(section: str, lines: list[str]) -> list[str]:
    if not section:
        return lines
    heading = f"{section}:" if any(not line.startswith("#") for line in lines) else f"# {section}:"
    return [heading, *(f"  {line}" if line else "" for line in lines)]


def _param_lines(param: Param, value: Any, comment: str) -> list[str]:
    if value is None and param.required:
        return [f"{param.name}:   # required ({comment}): {param.help}" if comment else f"{param.name}:   # required"]
    if value is None:
        return [f"# {param.name}:   # {comment or 'empty in the original'}: {param.help}"]
    lines = yaml_text({param.name: value}).split("\n")
    if comment:
        lines.insert(0, f"# {comment}")
    return lines


def _unfilled_lines(param: Param, unfilled: Any) -> list[str]:
    """A value with a part to fill in, as a comment, where it says more than that."""
    if not isinstance(unfilled, str | list) or not unfilled or unfilled == "!!PLACEHOLDER!!":
        return []
    return [f"# {line}" for line in yaml_text({param.name: unfilled}).split("\n")]
