"""The server: what an editor says goes into the project, what it asks is asked of the features."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from atk_interp.diagnostics import Diagnostic
from atk_interp.lsp.completion import completions
from atk_interp.lsp.definition import definitions
from atk_interp.lsp.diagnostics import as_diagnostic, mends
from atk_interp.lsp.hover import hover
from atk_interp.lsp.place import Place
from atk_interp.lsp.positions import Positions
from atk_interp.lsp.project import Project

__all__ = ["make_server"]

T = TypeVar("T")

_PAUSE_S = 0.15
"""How long typing must rest before the findings are worked out anew."""
_TRIGGERS = [".", "|", "=", "{", ":", " ", '"', "-", "/"]
_log = logging.getLogger("atk_interp.lsp")


class _Server(LanguageServer):
    """The project of one editor. Questions are answered one at a time, in a thread, so that typing is never held up."""

    def __init__(self) -> None:
        super().__init__("atk-interp", version("atk-interp"), lsp.TextDocumentSyncKind.Full)
        self.project = Project()
        self.findings: dict[Path, list[Diagnostic]] = {}
        self._lock = threading.Lock()
        self._checking: asyncio.Task[None] | None = None

    @property
    def encoding(self) -> str:
        return lsp.PositionEncodingKind(self.workspace.position_encoding or lsp.PositionEncodingKind.Utf16).value

    async def ask(self, question: Callable[[], T], otherwise: T) -> T:
        """The answer to a question about the texts as they are now; `otherwise` where working it out goes wrong."""

        def answer() -> T:
            with self._lock:
                self._take_texts()
                return question()

        try:
            return await asyncio.to_thread(answer)
        except Exception:  # noqa: BLE001 - an editor must not lose its server over one question
            _log.exception("a question could not be answered")
            return otherwise

    def _take_texts(self) -> None:
        """Take over what is open: threads that wait for each other need not go on in their order."""
        documents = dict(self.workspace.text_documents)
        texts = {path: document.source for uri, document in documents.items() if (path := _path(uri)) is not None}
        for path in self.project.open:
            if path not in texts:
                self.project.drop(path)
        for path, text in texts.items():
            self.project.put(path, text)

    async def ask_at(
        self,
        document: lsp.TextDocumentIdentifier,
        position: lsp.Position,
        question: Callable[[Path, int, str], T],
        otherwise: T,
    ) -> T:
        """The answer to a question about a place: its file, the offset in it, and the encoding of positions."""
        path = _path(document.uri)
        if path is None:
            return otherwise
        encoding = self.encoding
        return await self.ask(
            lambda: question(path, Positions(self.project.text(path), encoding).offset(position), encoding), otherwise
        )

    def changed(self) -> None:
        """Have the findings worked out when typing rests."""
        if self._checking is not None:
            self._checking.cancel()
        self._checking = asyncio.get_running_loop().create_task(self._check())

    async def _check(self) -> None:
        await asyncio.sleep(_PAUSE_S)
        encoding = self.encoding
        found = await self.ask(self.project.findings, None)
        if found is None:
            return
        cleared: dict[Path, list[Diagnostic]] = {path: [] for path in self.findings if path not in found}
        self.findings = found
        for path, findings in {**cleared, **found}.items():
            shown = [as_diagnostic(finding, encoding) for finding in findings]
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(path.as_uri(), shown))


def _path(uri: str) -> Path | None:
    """The file of a document; None for what lies in no file system."""
    name = to_fs_path(uri) if uri.startswith("file:") else None
    return Path(name).resolve() if name else None


def make_server() -> LanguageServer:
    """A server that is ready to be started."""
    server = _Server()

    project = server.project

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def did_open(params: lsp.DidOpenTextDocumentParams) -> None:
        server.changed()

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def did_change(params: lsp.DidChangeTextDocumentParams) -> None:
        server.changed()

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    async def did_close(params: lsp.DidCloseTextDocumentParams) -> None:
        server.changed()

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def did_save(params: lsp.DidSaveTextDocumentParams) -> None:
        await server.ask(project.forget, None)
        server.changed()

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=_TRIGGERS))
    async def complete(params: lsp.CompletionParams) -> lsp.CompletionList:
        def items(path: Path, offset: int, encoding: str) -> list[lsp.CompletionItem]:
            return completions(Place(project, path, offset), encoding)

        return lsp.CompletionList(False, await server.ask_at(params.text_document, params.position, items, []))

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def show(params: lsp.HoverParams) -> lsp.Hover | None:
        return await server.ask_at(params.text_document, params.position, partial(hover, project), None)

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    async def define(params: lsp.DefinitionParams) -> list[lsp.Location]:
        return await server.ask_at(params.text_document, params.position, partial(definitions, project), [])

    @server.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix])
    )
    async def mend(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        path, encoding = _path(params.text_document.uri), server.encoding
        findings = server.findings.get(path, []) if path is not None else []
        return await server.ask(lambda: mends(findings, params.range, project.text, encoding), [])

    return server
