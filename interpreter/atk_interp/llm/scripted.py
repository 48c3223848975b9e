r"""A model that says what it was told to say: for tests, demonstrations and specs under development.

A script is YAML or JSON: a list of rules, of which the first that applies answers.

    - when: {contains: "Write questions"}
      reply: |
        **QUESTION:** What is it?
        **ANSWER:** It is this.
    - when: {matching: "Say (?P<word>\\w+)", in: last}
      reply: you said \g<word>
    - when: {attempt: 0}
      error: 503
      times: 2
    - replies: [first sample, second sample]
    - when: {contains: "cat"}
      vector: [1, 0, 0]
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from atk_interp.llm.failure import failure_of_status
from atk_interp.llm.messages import EndpointDown, EndpointRefused, LlmError, Reply, Request, Usage
from atk_interp.llm.reasoning import split_reasoning
from atk_interp.llm.script import Outcome, Rule, ScriptError, rules_from
from atk_interp.llm.vectors import Vector, replies_with, unit, word_vector
from atk_interp.values import encode

__all__ = ["ScriptedClient"]

_TOLD = 300

Answer = Callable[[Request], "str | Reply"]


class ScriptedClient:
    """A `Client` that answers from rules, or from a function that stands in for the model.

    `script` is the data of a script (see `rules_from`) or the function; the function may raise the errors of
    `messages`. `requests` are the calls so far, in order of arrival, unless `remembers` is false, `most_in_flight` is
    how many were in progress at once. Raises `ScriptError`.
    """

    def __init__(
        self,
        script: object | Answer,
        *,
        name: str = "script",
        remembers: bool = True,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.endpoint = name
        self.requests: list[Request] = []
        self.calls = 0
        """How many calls there were, failed ones among them."""
        self._remembers = remembers
        self.most_in_flight = 0
        self._in_flight = 0
        self._answer = script if callable(script) else None
        self._rules: tuple[Rule, ...] = () if callable(script) else rules_from(script)
        self._counts_tries = any(rule.times is not None for rule in self._rules)
        self._tries: Counter[str] = Counter()
        self._sleep = sleep

    @classmethod
    def from_file(cls, path: str | Path) -> ScriptedClient:
        """The client for a script file; it remembers no requests. Raises `ScriptError`, with the place in the file."""
        # Costs the start-up of PyYAML, and only those pay who use a script.
        from atk_interp.diagnostics import Sink
        from atk_interp.document import load_document

        sink = Sink()
        document = load_document(Path(path), sink)
        for found in sink.sorted():
            if found.is_error:
                at = f":{found.span.begin.line}:{found.span.begin.column}" if found.span else ""
                raise ScriptError(f"{path}{at}: {found.message}")
        if document is None:
            raise ScriptError(f"{path}: the script is empty")
        try:
            return cls(document.data, name=str(path), remembers=False)
        except ScriptError as error:
            begin = document.head_span(error.path).begin
            raise ScriptError(f"{path}:{begin.line}:{begin.column}: {error}", error.path) from None

    async def complete(self, request: Request) -> Reply:
        """The reply of the first rule that applies. Raises `EndpointRefused` when none does."""
        with self._under_way((request,)):
            if self._answer is not None:
                said = self._answer(request)
                return self._reply(request, said, "stop") if isinstance(said, str) else said
            return await self._play(request)

    async def embed(self, requests: Sequence[Request]) -> list[Reply]:
        """The vectors that rules give, else those of the words. A function is not asked."""
        with self._under_way(requests):
            vectors = [await self._embedded(request) for request in requests]
            tokens = sum(len(encode(request.body())) // 4 for request in requests)
            return replies_with(vectors, requests, tokens, requests[0].model, 0.0)

    async def _embedded(self, request: Request) -> Vector:
        tries = self._tried(request)
        outcome = next(filter(None, (rule.outcome(request, tries) for rule in self._rules)), None)
        if outcome is None:
            return word_vector(request.embeds or "")
        await self._sleep(outcome.delay_s)
        if outcome.error:
            raise self._failure(outcome)
        return word_vector(request.embeds or "") if outcome.vector is None else unit(outcome.vector)

    @contextlib.contextmanager
    def _under_way(self, requests: Sequence[Request]) -> Iterator[None]:
        self.calls += 1
        if self._remembers:
            self.requests.extend(requests)
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            yield
        finally:
            self._in_flight -= 1

    async def aclose(self) -> None:
        """Nothing to release."""

    async def _play(self, request: Request) -> Reply:
        outcome = self._outcome(request, self._tried(request))
        await self._sleep(outcome.delay_s)
        if outcome.error:
            raise self._failure(outcome)
        return self._reply(request, outcome.text, outcome.finish)

    def _tried(self, request: Request) -> int:
        """How often the call was tried before: counted for scripts that ask for it, because it takes memory."""
        if not self._counts_tries:
            return 0
        key = request.key()
        self._tries[key] += 1
        return self._tries[key] - 1

    def _outcome(self, request: Request, tries: int) -> Outcome:
        for rule in self._rules:
            outcome = rule.outcome(request, tries)
            if outcome is not None:
                return outcome
        last = request.prompt if request.prompt is not None else "".join(m.content for m in request.messages[-1:])
        shown = last if len(last) <= _TOLD else last[:_TOLD] + "…"
        raise EndpointRefused(
            f"no rule of `{self.endpoint}` answers the request that ends with `{shown}`",
            self.endpoint,
            "add a rule such as `- {when: {contains: some of these words}, reply: what to say}`",
        )

    def _failure(self, outcome: Outcome) -> LlmError:
        if not outcome.error.isdigit():
            what = "dropped the connection" if outcome.error == "reset" else "gave no answer in time"
            return EndpointDown(f"`{self.endpoint}` {what}", self.endpoint)
        asked = outcome.retry_after_s
        headers = {} if asked is None else {"retry-after": str(asked)}
        return failure_of_status(int(outcome.error), headers, b'"as scripted"', self.endpoint, now=datetime.now(UTC))

    def _reply(self, request: Request, text: str, finish: str) -> Reply:
        reasoning, answer = split_reasoning(text)
        usage = Usage(len(encode(request.body())) // 4, (len(text) + 3) // 4)
        return Reply(answer, reasoning, finish, usage, request.model)
