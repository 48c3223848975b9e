"""An editor, as a language server sees one: it opens files, types, and asks; over the server's standard streams."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

__all__ = ["Editor", "at", "editing"]

_WAIT_S = 60
"""A server that says nothing for so long has hung: the test fails."""


def at(text: str, marked: str, offset: int = 0) -> lsp.Position:
    """The position of some text (its first occurrence) in a text, in UTF-16 units; `offset` characters further on."""
    before = text[: text.index(marked) + offset]
    line = before.rpartition("\n")[2]
    return lsp.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)


class Editor:
    """One editor with one server."""

    def __init__(self, client: LanguageClient, folder: Path, settings: dict[str, Any]) -> None:
        self.client = client
        self.root = folder
        self.folder = folder
        self.told: dict[str, lsp.PublishDiagnosticsParams] = {}
        self.capabilities: lsp.ServerCapabilities | None = None
        self._versions: dict[str, int] = {}
        self._news = asyncio.Condition()

        async def publish(params: lsp.PublishDiagnosticsParams) -> None:
            async with self._news:
                self.told[params.uri] = params
                self._news.notify_all()

        client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(publish)
        client.feature(lsp.WORKSPACE_CONFIGURATION)(
            lambda params: [settings.get(item.section or "") for item in params.items]
        )
        client.feature(lsp.CLIENT_REGISTER_CAPABILITY)(lambda params: None)

    def uri(self, path: str) -> str:
        return (self.folder / path).as_uri()

    def document(self, path: str) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri(path))

    def open(self, path: str, text: str) -> None:
        """Show a file in the editor, with a text that may differ from what is on disk."""
        uri = self.uri(path)
        self._versions[uri] = 1
        item = lsp.TextDocumentItem(uri, "yaml" if path.endswith("yaml") else "plaintext", 1, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    def change(self, path: str, text: str) -> None:
        """Replace the whole text."""
        self._changed(path, lsp.TextDocumentContentChangeWholeDocument(text))

    def type(self, path: str, where: lsp.Range, text: str) -> None:
        """Replace a part of the text, as typing does."""
        self._changed(path, lsp.TextDocumentContentChangePartial(range=where, text=text))

    def _changed(self, path: str, change: lsp.TextDocumentContentChangeEvent) -> None:
        uri = self.uri(path)
        self._versions[uri] += 1
        document = lsp.VersionedTextDocumentIdentifier(version=self._versions[uri], uri=uri)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))

    def close(self, path: str) -> None:
        del self._versions[self.uri(path)]
        self.client.text_document_did_close(lsp.DidCloseTextDocumentParams(self.document(path)))

    def move(self, folder: Path) -> None:
        """Close everything, and go on in another folder: a server that is asked by many tests starts once."""
        for uri in list(self._versions):
            self.client.text_document_did_close(lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(uri)))
        self._versions.clear()
        self.told.clear()
        self.folder = folder

    async def diagnostics(self, path: str) -> Sequence[lsp.Diagnostic]:
        """What the server says next of a file; taken out, so that the next call waits for news."""
        uri = self.uri(path)
        async with asyncio.timeout(_WAIT_S), self._news:
            await self._news.wait_for(lambda: uri in self.told)
            return self.told.pop(uri).diagnostics

    async def completions(self, path: str, where: lsp.Position) -> dict[str, lsp.CompletionItem]:
        """What may stand at a place, by label."""
        params = lsp.CompletionParams(self.document(path), where)
        found = await asyncio.wait_for(self.client.text_document_completion_async(params), _WAIT_S)
        items = found.items if isinstance(found, lsp.CompletionList) else found or ()
        return {item.label: item for item in items}

    async def hover(self, path: str, where: lsp.Position) -> str:
        """What is said of a place."""
        params = lsp.HoverParams(self.document(path), where)
        found = await asyncio.wait_for(self.client.text_document_hover_async(params), _WAIT_S)
        if found is None:
            return ""
        assert isinstance(found.contents, lsp.MarkupContent)
        return found.contents.value


@asynccontextmanager
async def editing(folder: Path, *command: str, settings: dict[str, Any] | None = None) -> AsyncIterator[Editor]:
    """An editor over a folder, with a server that is started for it and stopped after."""
    client = LanguageClient("tests", "1")
    editor = Editor(client, folder, settings or {})
    await client.start_io(*command, cwd=folder)
    try:
        initialised = await asyncio.wait_for(
            client.initialize_async(
                lsp.InitializeParams(
                    process_id=os.getpid(),
                    capabilities=_capabilities(),
                    root_uri=folder.as_uri(),
                    workspace_folders=[lsp.WorkspaceFolder(folder.as_uri(), folder.name)],
                )
            ),
            _WAIT_S,
        )
        editor.capabilities = initialised.capabilities
        client.initialized(lsp.InitializedParams())
        yield editor
        await asyncio.wait_for(client.shutdown_async(None), _WAIT_S)
        client.exit(None)
    finally:
        await client.stop()  # type: ignore[no-untyped-call]  # pygls does not say that it returns nothing


def _capabilities() -> lsp.ClientCapabilities:
    """What a usual editor can do."""
    markup = [lsp.MarkupKind.Markdown, lsp.MarkupKind.PlainText]
    return lsp.ClientCapabilities(
        workspace=lsp.WorkspaceClientCapabilities(configuration=True, workspace_folders=True),
        text_document=lsp.TextDocumentClientCapabilities(
            synchronization=lsp.TextDocumentSyncClientCapabilities(dynamic_registration=False),
            publish_diagnostics=lsp.PublishDiagnosticsClientCapabilities(related_information=True),
            hover=lsp.HoverClientCapabilities(content_format=markup),
            completion=lsp.CompletionClientCapabilities(
                completion_item=lsp.ClientCompletionItemOptions(snippet_support=True, documentation_format=markup)
            ),
        ),
    )
