"""An endpoint of a config that could not be asked."""

from __future__ import annotations

import re
from pathlib import Path as FilePath

from atk_interp.diagnostics import Code, Edit, Fix, Severity, Sink
from atk_interp.document import DISK, Files, Path, load_document, shown
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.patterns import pattern
from atk_interp.spec import Config

__all__ = ["UnusableEndpoint", "check_script"]

_CALL = pattern(r"/(chat/completions|completions|responses|embeddings|models)/?\Z")


class UnusableEndpoint(Rule):
    code = Code(
        "ATK713",
        "unusable-endpoint",
        Severity.ERROR,
        finds="A model whose address is no address of an endpoint, or whose script does not exist or makes no sense.",
        why="Every call would fail.",
        bad="base_url: localhost:8000/v1/chat/completions",
        good="base_url: http://localhost:8000/v1",
        fixable=True,
    )

    def check(self, context: LintContext) -> None:
        if context.config is None:
            return
        for name, endpoint in context.config.models.items():
            path: Path = ("models", name)
            listed = isinstance(context.config.document.get((*path, "base_url")), list)
            for index, address in enumerate(endpoint.base_urls):
                place = ("base_url", index) if listed else ("base_url",)
                self._address(context, context.config, (*path, *place), address)
            if endpoint.script is not None:
                script = (endpoint.folder / endpoint.script).resolve()
                if not script.is_file():
                    context.sink.report(
                        self.code,
                        context.config.document.span((*path, "script")),
                        f"there is no script `{endpoint.script}`",
                        notes=[f"looked for `{shown(script)}`"],
                        help="paths in a config are relative to the config",
                    )
                else:
                    check_script(script, context.sink)

    def _address(self, context: LintContext, config: Config, path: Path, address: str) -> None:
        text = config.document.text(path)
        if not re.match(r"https?://[^/\s]", address):
            host = re.match(r"[\w.-]+(:\d+)?(/|\Z)", address)
            rest = address if host and host[0].endswith("/") else f"{address}/v1"
            help_ = f"write `http://{rest}`" if host else None
            told = f"`{address}` is not the address of an endpoint"
            context.sink.report(self.code, text.span(), told, help=help_ or "begin it with `http://` or `https://`")
        elif call := _CALL.search(address):
            span = text.span(call.start(), len(address))
            context.sink.report(
                self.code,
                span,
                f"`{call[0]}` is added to the address by itself",
                help=f"write `{address[: call.start()]}`",
                fix=Fix(f"remove `{call[0]}`", (Edit(span, ""),)),
            )


def check_script(path: FilePath, sink: Sink, files: Files = DISK) -> None:
    """Report what is wrong with a script of replies; of several mistakes the first."""
    from atk_interp.llm.script import ScriptError, rules_from  # whoever lints without a script does not pay for it

    document = load_document(path, sink, files)
    if document is not None:
        try:
            rules_from(document.data)
        except ScriptError as error:
            told = f"no model can follow this: {error}"
            sink.report(UnusableEndpoint.code, document.head_span(error.path), told)
