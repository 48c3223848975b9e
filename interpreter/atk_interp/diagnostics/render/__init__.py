"""One file per output format; each is a pure function from diagnostics to text."""

from collections.abc import Callable, Iterable

from atk_interp.diagnostics.model import Diagnostic
from atk_interp.diagnostics.render.github import render_github
from atk_interp.diagnostics.render.json import render_json
from atk_interp.diagnostics.render.text import render_text, summary

__all__ = ["FORMATS", "render_github", "render_json", "render_text", "summary"]

FORMATS: dict[str, Callable[[Iterable[Diagnostic]], str]] = {
    "text": render_text,
    "json": render_json,
    "github": render_github,
}
