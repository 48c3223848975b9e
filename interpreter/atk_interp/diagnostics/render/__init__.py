"""One file per output format; each is a pure function from diagnostics to text."""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module

from atk_interp.diagnostics.model import Diagnostic
from atk_interp.diagnostics.render.text import render_short, render_text, summary

__all__ = ["FORMATS", "render_short", "render_text", "summary"]

_Render = Callable[[Iterable[Diagnostic]], str]


def _late(name: str) -> _Render:
    """A format that is loaded when it is asked for: most checks print text."""

    def render(diagnostics: Iterable[Diagnostic]) -> str:
        module = import_module(f"{__name__}.{name}")
        function: _Render = getattr(module, f"render_{name}")
        return function(diagnostics)

    return render


FORMATS: Mapping[str, _Render] = {
    "text": render_text,
    "short": render_short,
    "json": _late("json"),
    "github": _late("github"),
    "sarif": _late("sarif"),
    "junit": _late("junit"),
}
