"""Records of conversations, in the style of ShareGPT, of chat APIs or of Alpaca, brought into one shape."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from atk_interp.values import Value

__all__ = ["CONVERSATIONS", "ConversationError", "conversation"]

CONVERSATIONS = ("messages", "conversations", "conversation")
"""The fields that hold the messages of a conversation, the first that is there."""

_ASKED = ("instruction", "question", "prompt")
_ANSWERED = ("output", "answer", "response", "completion")
"""The fields of a record that is one question (with `input`, what it is about) and one answer."""

_ROLES = MappingProxyType(
    {
        "system": "system",
        "developer": "system",
        "user": "user",
        "human": "user",
        "prompter": "user",
        "assistant": "assistant",
        "gpt": "assistant",
        "chatgpt": "assistant",
        "bing": "assistant",
        "bard": "assistant",
        "bot": "assistant",
        "model": "assistant",
        "tool": "tool",
        "function": "tool",
        "function_response": "tool",
        "observation": "tool",
        "ipython": "tool",
    }
)
"""What a speaker is called, and the role that it has."""


class ConversationError(ValueError):
    """Why a record is no conversation, in one sentence."""


def conversation(record: Mapping[str, Value]) -> dict[str, Value]:
    """The record with its conversation as `messages`, each `{role, content}` with what else it had, and `system`.

    `system` is the text of the system prompt, which is taken out of the messages: that of the record, and of the
    messages that it begins with; null when there is none, or a blank one. Other fields stay. Raises
    `ConversationError`.
    """
    name = next((name for name in CONVERSATIONS if isinstance(record.get(name), list)), None)
    given = record[name] if name is not None else _exchange(record)
    if not isinstance(given, list):
        raise ConversationError("no conversation: neither `messages` nor `conversations` is a list")
    messages = [_message(message, number) for number, message in enumerate(given, 1)]
    stated = record.get("system")
    system = [stated] if isinstance(stated, str) else []
    while messages and messages[0]["role"] == "system":
        system.append(str(messages.pop(0)["content"]))
    system = [text for text in system if text.strip()]
    if not messages:
        raise ConversationError("no messages in the conversation")
    rest = {key: value for key, value in record.items() if key not in (name, "system")}
    return {**rest, "messages": [*messages], "system": "\n\n".join(system) if system else None}


def _exchange(record: Mapping[str, Value]) -> list[Value] | None:
    """The two messages of a record in the style of Alpaca; None when it is none."""
    asked = next((value for name in _ASKED if isinstance(value := record.get(name), str) and value.strip()), None)
    answer = next((value for name in _ANSWERED if isinstance(value := record.get(name), str) and value.strip()), None)
    if asked is None or answer is None:
        return None
    about = record.get("input")
    whole = f"{asked}\n\n{about}" if isinstance(about, str) and about.strip() else asked
    return [{"role": "user", "content": whole}, {"role": "assistant", "content": answer}]


def _message(message: Value, number: int) -> dict[str, Value]:
    if not isinstance(message, dict):
        raise ConversationError(f"message {number} is no record")
    who = message.get("role", message.get("from"))
    role = _ROLES.get(who.strip().lower()) if isinstance(who, str) else None
    if role is None:
        raise ConversationError(f"message {number} has the role `{who}`, which is none")
    content = _text(message.get("content", message.get("value")))
    if content is None:
        raise ConversationError(f"message {number} has no text")
    rest = {key: value for key, value in message.items() if key not in ("role", "from", "content", "value")}
    return {"role": role, "content": content, **rest}


def _text(content: Value) -> str | None:
    """The text of a message, which may stand in parts; a part that is a picture or a sound has none."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not content:
        return None
    parts = [part.get("text") if isinstance(part, dict) else part for part in content]
    return "".join(str(part) for part in parts) if all(isinstance(part, str) for part in parts) else None
