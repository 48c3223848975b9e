"""Prompts that a model does not take: the ledger keeps that as it keeps replies, so that every run knows it alike."""

from __future__ import annotations

from atk_interp.llm.messages import ContextTooLong, Reply, Request

__all__ = ["raise_refusal", "refused_reply"]

_TOO_LONG = "context_too_long"


def refused_reply(request: Request, refusal: ContextTooLong) -> Reply:
    """What stands in the ledger for a call whose prompt is longer than the model can take."""
    return Reply(str(refusal), finish=_TOO_LONG, model=request.model)


def raise_refusal(reply: Reply) -> None:
    """Raises `ContextTooLong` when a reply is none, but a refusal that was kept."""
    if reply.finish == _TOO_LONG:
        raise ContextTooLong(reply.text)
