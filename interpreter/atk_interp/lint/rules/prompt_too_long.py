"""A prompt that leaves its model no room."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.kinds.base.asking import merged_sampling
from atk_interp.lint.context import LintContext
from atk_interp.lint.prompts import Asked
from atk_interp.lint.rules.base import Rule
from atk_interp.spec import Config, EndpointConfig
from atk_interp.templates import MessageTemplate, Prompt

__all__ = ["PromptTooLong"]

_FEWEST_BYTES_OF_A_TOKEN = 3
"""On average, in any script: shorter texts fit for certain, and need no tokenizer, which takes long to load."""


class PromptTooLong(Rule):
    code = Code(
        "ATK427",
        "prompt-too-long",
        Severity.WARNING,
        finds="A prompt whose fixed text and longest reply together are beyond the `context_tokens` of the model.",
        why="The endpoint refuses the call, or cuts the reply, whatever the row holds.",
        bad="models: {large: {model: …, context_tokens: 2048, sampling: {max_tokens: 2000}}}",
        good="models: {large: {model: …, context_tokens: 32768, sampling: {max_tokens: 2000}}}",
    )

    def check(self, context: LintContext) -> None:
        config = context.config
        for slot, endpoint in config.models.items() if config is not None else ():
            if endpoint.context_tokens is not None and config is not None:
                self._check_slot(slot, endpoint, endpoint.context_tokens, config, context)

    def _check_slot(
        self, slot: str, endpoint: EndpointConfig, limit: int, config: Config, context: LintContext
    ) -> None:
        """Report the one prompt of a slot that needs most, if it is too long."""
        needs: list[tuple[int, int, Asked]] = []
        for asked in context.asked:
            if asked.view.step.options.get("model") == slot:
                reply = _longest_reply(asked, endpoint)
                fixed = _fixed_tokens(asked.prompt, limit - reply)
                if fixed + reply > limit:
                    needs.append((fixed, reply, asked))
        if not needs:
            return
        fixed, reply, asked = max(needs, key=lambda need: need[0] + need[1])
        told = f"prompt `{asked.prompt.name}` of step `{asked.view.step.name}` takes {fixed:,} tokens before any row"
        more = f", and its reply up to {reply:,}" if reply else ""
        context.sink.report(
            self.code,
            config.document.span(("models", slot, "context_tokens")),
            f"{told}{more}: more than {limit:,}",
            help="use a model with a longer context, or lower `max_tokens`" if reply else "shorten the prompt",
        )


def _longest_reply(asked: Asked, endpoint: EndpointConfig) -> int:
    view = asked.view
    model = view.spec.models.get(view.step.options["model"])
    layers = (model.sampling if model else {}, endpoint.sampling, view.step.options.get("sampling") or {})
    most = merged_sampling(*layers).get("max_tokens")
    return most if isinstance(most, int) else 0


def _fixed_tokens(prompt: Prompt, room: int) -> int:
    """The tokens of what is sent with every row; 0 when they fit for certain."""
    text = "\n".join(_always_sent(prompt))
    if len(text.encode("utf-8", "replace")) <= room * _FEWEST_BYTES_OF_A_TOKEN:
        return 0
    from atk_interp.tokens import count_tokens  # imported late: most prompts fit for certain

    return count_tokens(text)


def _always_sent(prompt: Prompt) -> list[str]:
    if prompt.completion is not None:
        return [prompt.completion.facts.always]
    items = prompt.messages.items if prompt.messages is not None else ()
    sure = [item.content for item in items if isinstance(item, MessageTemplate) and item.when is None]
    return [content.facts.always if content.constant is None else content.constant for content in sure]
