"""A pipeline as a Python callable: a spec, checked and compiled, that takes its parameters as keywords."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from atk_interp.diagnostics import Diagnostic, Sink, did_you_mean
from atk_interp.flow import Analysis
from atk_interp.kinds.base import SourceStep, StepStopped
from atk_interp.ledger.places import default_ledger
from atk_interp.lint.check import check_file
from atk_interp.llm.messages import Client
from atk_interp.llm.retry import RetryPolicy
from atk_interp.pipeline.arguments import EMBEDDED, endpoints_in, from_folder, json_rows, signature, with_grammar
from atk_interp.pipeline.errors import InvalidSpec, MissingParameters, PipelineFailed
from atk_interp.pipeline.fallbacks import with_fallbacks
from atk_interp.pipeline.steps import StepCallable, Steps, blocking
from atk_interp.plan import Extent, Plan, compile_plan
from atk_interp.plan.extent import limited, up_to
from atk_interp.runtime import CannotRun, RunOptions, RunResult, run_plan
from atk_interp.runtime.budget import parsed_budget
from atk_interp.runtime.endpoints import NO_CLIENTS
from atk_interp.runtime.events import Listener
from atk_interp.runtime.making import Called
from atk_interp.runtime.room import RoomPolicy
from atk_interp.spec import (
    Config,
    EndpointConfig,
    Param,
    PipelineSpec,
    check_value,
    missing,
    of_another_program,
    unknown_keys,
    unmet,
    unquoted,
)
from atk_interp.spec.codes import UNKNOWN_PIPELINE
from atk_interp.stock import find_pipeline, stock_names
from atk_interp.values import Value

__all__ = ["Pipeline", "compile_pipeline", "lint", "load_spec"]

_log = logging.getLogger("atk_interp")

_PATIENT = RetryPolicy()
_ROOM = RoomPolicy()
_WHOLE = Extent()


def lint(path: str | Path) -> list[Diagnostic]:
    """All findings about a spec (or a config and its spec), in reading order. Never raises for what is in the files.

    As `atk-interp lint` tells them: comments that ignore findings and the settings of the project count.
    """
    return list(check_file(Path(path)).report.findings)


def load_spec(path: str | Path) -> PipelineSpec:
    """The typed form of a spec. Raises `InvalidSpec` when it has errors."""
    return _checked(Path(path))[0].spec


def _checked(path: Path, *, complete: bool = True) -> tuple[Analysis, Config | None]:
    """A spec that can be compiled, and the config that led to it. Raises `InvalidSpec`."""
    checked = check_file(path, complete=complete)
    linted = checked.linted[0]
    if linted.analysis is None or checked.report.stopping:
        raise InvalidSpec(checked.report.everything)
    return linted.analysis, linted.config


def compile_pipeline(path: str | Path) -> Pipeline:
    """A callable for a spec, a config, or the name of a pipeline. Raises `InvalidSpec`.

    A config's values become the defaults of the call. A name that is none is told with those near it.
    """
    found = Path(path) if Path(path).is_file() else find_pipeline(str(path), Path.cwd(), configs=True)
    if found is None and not Path(path).exists():
        raise _no_pipeline(str(path))
    return Pipeline(*_checked(found or Path(path), complete=False))


def _no_pipeline(name: str) -> InvalidSpec:
    names = stock_names()
    help_ = did_you_mean(name, names) or "stock pipelines are " + ", ".join(f"`{known}`" for known in names)
    missing_ = Diagnostic(UNKNOWN_PIPELINE, f"there is no file and no pipeline `{name}`", None, help=help_)
    return InvalidSpec([missing_], f"`{name}` cannot be compiled")


class Pipeline:
    """A compiled pipeline. Call it with its parameters; `acall` is the same for a running event loop.

    Beside its own parameters it takes `models` (slot to endpoint settings, as in a config), `rows` (for an `input`
    step), `task_id` (for `set_progress`), `prompts` (override folders), `seed`, and any others, which are reported
    and ignored, so that old configs keep working. Paths are relative to the working folder.
    """

    def __init__(self, analysis: Analysis, config: Config | None = None) -> None:
        self._analysis = analysis
        self._config = config
        self._told: set[str] = set()
        self.spec = analysis.spec
        self.__name__ = analysis.spec.name
        self.__doc__ = analysis.spec.description
        self.__signature__ = signature(analysis.spec)
        self.steps: Mapping[str, StepCallable] = Steps({name: StepCallable(self, name) for name in analysis.spec.steps})

    def __repr__(self) -> str:
        return f"<pipeline {self.__name__}{self.__signature__}>"

    def __call__(self, **kwargs: Any) -> RunResult:
        """Run the pipeline. Raises `MissingParameters`, `CannotRun` before any work, `PipelineFailed` after."""
        result: RunResult = blocking(self.acall(**kwargs))
        return result

    async def acall(self, **kwargs: Any) -> RunResult:
        """As a call, awaited."""
        result = await self.run(kwargs)
        if result.status != "done":
            raise PipelineFailed(result)
        return result

    async def run(
        self,
        kwargs: Mapping[str, Any],
        *,
        listeners: Sequence[Listener] = (),
        handle_signals: bool = False,
        ledger: Path | None = None,
        policy: RetryPolicy = _PATIENT,
        room: RoomPolicy = _ROOM,
        clients: Mapping[str, Client] = NO_CLIENTS,
        force: bool = False,
        limit: int | None = None,
        until: str = "",
        strict: bool = False,
        budget: str = "",
    ) -> RunResult:
        """As `acall`, but every way to end is a result. For those who show progress and exit codes.

        A finished run that nothing has changed since is not run again, unless by `force`. For `limit`, `until` and
        `strict` see `Extent`. A `budget`, such as `5usd` or `1M tokens`, ends the run when it is used up.
        `clients` stand in for the endpoints of their slots: a scripted model, or a client of the caller's own.
        """
        plan = self.plan(kwargs, Extent(limit, until, strict))
        output_dir = self.output_dir(plan.params.get("output_dir") or kwargs.get("output_dir"))
        self._refuse_to_read(output_dir, plan.params)
        await asyncio.to_thread(_check_inputs, plan)
        options = RunOptions(
            output_dir=output_dir,
            ledger=ledger or default_ledger(),
            task_id=kwargs.get("task_id"),
            listeners=listeners,
            handle_signals=handle_signals,
            policy=policy,
            room=room,
            clients=clients,
            force=force,
            budget=parsed_budget(budget) if budget else None,
            called=self._called(kwargs.get("prompts")),
        )
        return await run_plan(plan, options)

    def configured(self, config: Config) -> Pipeline:
        """The same pipeline with another config."""
        return Pipeline(self._analysis, config)

    def _called(self, prompts: Any) -> Called:
        """Where this pipeline was read from."""
        spec = self._analysis.folder / Path(self.spec.document.file.path).name
        if prompts is None:
            folders = self._config.prompts if self._config is not None else ()
        else:
            folders = tuple(map(Path, [prompts] if isinstance(prompts, str | Path) else prompts))
        if self._config is None:
            return Called(spec, None, folders)
        return Called(spec, self._config.folder / Path(self._config.document.file.path).name, folders)

    def plan(self, kwargs: Mapping[str, Any], extent: Extent = _WHOLE) -> Plan:
        """What a call with these arguments would run. Raises as a call does before any work."""
        given = {name: value for name, value in kwargs.items() if name != "task_id"}
        models, rows = given.pop("models", None), given.pop("rows", None)
        analysis = self._analysis_for(given.pop("prompts", None))
        seed = _whole(given.pop("seed", None))
        return _part(self._plan(analysis, self.values(given), models, json_rows(rows), seed), extent)

    def output_dir(self, given: Any) -> Path:
        """The output folder of a call that is given this one, or none."""
        return Path(given or Path("output") / self.__name__).expanduser().absolute()

    def _refuse_to_read(self, output_dir: Path, values: Mapping[str, Value]) -> None:
        """Raise `CannotRun` when a `read` step is given the output folder: it would read what the last run wrote.

        One that stands in a folder that is read needs no care: its `.atk-lock` keeps it from being read.
        """
        paths = [step.options.get("path") for step in self.spec.steps.values() if step.kind == "read"]
        read = {path[1:].strip() for path in paths if isinstance(path, str) and path.startswith("=")}
        for name, value in values.items():
            if name in read and isinstance(value, str) and Path(value).resolve() == output_dir.resolve():
                raise CannotRun(
                    f"`{name}` and the output folder are both `{value}`", help="choose another `output_dir`"
                )

    def values(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """A value for every parameter: what is given, else the config's, else the default.

        Raises `MissingParameters` for all that are required and missing, `CannotRun` for a value that does not
        fit. Unknown names are reported.
        """
        params = self.spec.params
        merged = self.defaults()
        for name, value in given.items():
            if name not in params:
                self.tell_unknown(name)
            elif value is not None or params[name].optional:  # none is none given, as in a config
                merged[name] = from_folder(params[name], value, Path.cwd())
                self._tell_unknown_keys(params[name], value)
        lacking = missing(params, merged)
        if lacking:
            raise MissingParameters(self.__name__, lacking)
        for name, value in merged.items():
            problem = check_value(params[name], value)
            if problem:
                raise CannotRun(problem, help=unquoted(params[name], value) or "")
        if problems := [found.told() for found in unmet(self.spec, merged)]:
            raise CannotRun("; ".join(problems))
        return merged

    def defaults(self) -> dict[str, Any]:
        """A value for every parameter, as the spec and the config give it; null for want of one."""
        merged: dict[str, Any] = {name: param.default for name, param in self.spec.params.items()}
        if self._config is not None:
            for name, setting in self._config.values.items():
                if setting.value is None and self.spec.params[name].has_default:
                    continue  # a key left empty is one left out
                merged[name] = from_folder(self.spec.params[name], setting.value, self._config.folder)
        return merged

    def tell_unknown(self, name: str) -> None:
        """Say that a parameter has no effect, as old configs have some."""
        if name in ("pipeline", "output_dir"):
            return
        near = of_another_program(self.spec, (name,)) or did_you_mean(name, self.spec.params)
        help_ = f"; {near}" if near else ""
        _log.warning("`%s` has no parameter `%s`, so it has no effect%s", self.__name__, name, help_)

    def _tell_unknown_keys(self, param: Param, value: Any) -> None:
        """Say once which keys of a value have no effect: a command checks its values before it runs with them."""
        for _, told, help_ in unknown_keys(param, value):
            if told not in self._told:
                self._told.add(told)
                _log.warning("%s; %s", told, help_)

    def _analysis_for(self, prompts: Any) -> Analysis:
        """The analysis with other prompt folders, checked anew."""
        if prompts is None:
            return self._analysis
        from atk_interp.flow import analyse

        listed = [prompts] if isinstance(prompts, str | Path) else list(prompts)
        folders = [Path(folder).absolute() for folder in listed]
        for folder in folders:
            if not folder.is_dir():
                raise CannotRun(f"there is no prompt folder `{folder}`")
        sink = Sink()
        analysis = analyse(self.spec.document, self._analysis.folder, sink, folders)
        if analysis is None or sink.has_errors:
            raise InvalidSpec(sink.sorted())
        return analysis

    def endpoints(self, models: Any) -> dict[str, EndpointConfig]:
        """An endpoint for every slot: what is given, else the config's, else the embedded model."""
        configured = dict(self._config.models) if self._config is not None else {}
        if models is not None:
            configured.update(endpoints_in(models, self.spec, _log.warning))
        found = {slot: configured.get(slot, EMBEDDED) for slot in self.spec.models}
        found = with_fallbacks(found, configured, self.spec)
        return {slot: with_grammar(config) for slot, config in found.items()}

    def plan_with(self, values: Mapping[str, Value], models: Any, rows: Any) -> Plan:
        """What a call would run with these values, which are not checked."""
        return self._plan(self._analysis, values, models, rows)

    def _plan(
        self, analysis: Analysis, values: Mapping[str, Value], models: Any, rows: Any, seed: int | None = None
    ) -> Plan:
        if seed is None:
            seed = self._config.seed if self._config is not None else 0
        try:
            return compile_plan(analysis, values, self.endpoints(models), seed=seed, rows=rows)
        except StepStopped as error:
            raise CannotRun(str(error), error.help) from error


def _part(plan: Plan, extent: Extent) -> Plan:
    """As much of a plan as is to be run. Raises `CannotRun` for a step that is none, and for a trial of no row."""
    if extent.until:
        if extent.until not in plan.steps:
            near = did_you_mean(extent.until, plan.steps) or "steps are " + ", ".join(
                f"`{name}`" for name in plan.steps
            )
            raise CannotRun(f"there is no step `{extent.until}` to run up to", near)
        plan = up_to(plan, extent.until)
    if extent.limit is not None:
        if extent.limit < 1:
            raise CannotRun(f"a trial run takes at least one row, not {extent.limit}", "`--limit 5` takes five")
        plan = limited(plan, extent.limit)
    return replace(plan, extent=extent)


def _check_inputs(plan: Plan) -> None:
    """Raise `CannotRun` when a step has nothing to read from: before anything is done."""
    for step in plan.steps.values():
        if isinstance(step.runner, SourceStep):
            try:
                step.runner.check()
            except StepStopped as error:
                raise CannotRun(str(error), error.help) from error


def _whole(seed: Any) -> int | None:
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise CannotRun(f"`seed` takes a whole number, not `{seed}`")
    return seed
