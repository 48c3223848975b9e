"""Which spec a step means by the name of a pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import relpath
from pathlib import Path

from atk_interp.diagnostics import Sink, did_you_mean
from atk_interp.document import Files, load_document
from atk_interp.document import Path as DocumentPath
from atk_interp.kinds.base import StepView
from atk_interp.kinds.base.codes import PIPELINE_WITHIN_ITSELF
from atk_interp.spec import is_config
from atk_interp.spec.codes import UNKNOWN_PIPELINE
from atk_interp.stock import find_pipeline, stock_names

__all__ = ["named_spec"]


def named_spec(
    view: StepView, name: str, path: DocumentPath, folder: Path, files: Files, chain: Sequence[Path]
) -> Path | None:
    """The spec of the pipeline that a step in a folder names at a path; None when there is none, which is reported.

    `chain` are the specs of the pipelines that the step stands in, outermost first.
    """
    span = view.document.span(path)
    found = find_pipeline(name, folder)
    if found is None:
        close = did_you_mean(name, stock_names())
        help_ = close or "write the name of a stock pipeline, or the path of a spec relative to this one"
        view.sink.report(UNKNOWN_PIPELINE, span, f"there is no pipeline `{name}`", help=help_)
        return None
    file = found.resolve()
    if file in chain:
        circle = [*chain[chain.index(file) :], file]
        shown = " → ".join(f"`{_pipeline_name(part)}`" for part in circle)
        told = f"this pipeline would be a step within itself: {shown}"
        view.sink.report(PIPELINE_WITHIN_ITSELF, span, told, help="name another pipeline")
        return None
    document = load_document(file, Sink(), files)
    if document is not None and is_config(document.data) and document.has(("pipeline",)):
        told = f"`{name}` is a config; name its pipeline"
        meant = _seen_from(folder, document.get(("pipeline",)), file.parent)
        help_ = f"write `pipeline: {meant}`" if meant else "name the spec that the config is for"
        view.sink.report(UNKNOWN_PIPELINE, span, told, help=help_)
        return None
    return file


def _seen_from(folder: Path, name: object, home: Path) -> str | None:
    """How a pipeline that a config in the folder `home` names is named by a spec in another folder; None if unknown."""
    found = find_pipeline(name, home) if isinstance(name, str) else None
    if found is None or name in stock_names():
        return name if found is not None and isinstance(name, str) else None
    return Path(relpath(found.resolve(), folder.resolve())).as_posix()


def _pipeline_name(file: Path) -> str:
    """What people call the pipeline in a file."""
    return file.parent.name if file.name == "pipeline.yaml" else file.stem
