"""What a step talks to while an example is tried: a model that says the replies of the example."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from atk_interp.kinds.base import AcceptedCall, Attempt, Dropped, Notice, StepExample, Turn, UsedUp
from atk_interp.llm.messages import Message, Reply, Request
from atk_interp.llm.scripted import ScriptedClient
from atk_interp.llm.vectors import word_vector
from atk_interp.values import Row, Value

__all__ = ["Stage", "TooFewReplies"]


class TooFewReplies(Exception):
    """The step asks for a reply that the example does not have. The message says which."""


class Stage:
    """A `StepContext` for one example. `refusals` are the parts of replies that were not accepted."""

    def __init__(self, example: StepExample) -> None:
        self.refusals: list[Dropped] = []
        self._example = example
        self._numbers: dict[int, int] = {}
        """Which reply each sample gets: samples ask in their order, and their numbers may have gaps."""
        self._client = ScriptedClient(self._answer, name="example")

    async def call(
        self,
        slot: str,
        messages: Sequence[tuple[str, str]],
        sampling: dict[str, Value],
        *,
        sample: int = 0,
        attempt: int = 0,
        row: Row,
        form: Mapping[str, Value] | None = None,
    ) -> Reply:
        """What the example says to this sample, whatever the attempt. Raises `TooFewReplies`."""
        sent = tuple(Message(role, content) for role, content in messages)
        return await self._client.complete(Request("example", sent, None, sampling, "", sample, attempt))

    async def embed(
        self, slot: str, texts: Sequence[str], *, query: bool = False, row: Row | None = None
    ) -> list[array[float]]:
        """Vectors of the words: an example needs no model for them."""
        return [word_vector(text) for text in texts]

    def first_sample(self, row: Row) -> int:
        """The first: an example is about one round of a loop."""
        return 0

    def note(self, notice: Notice) -> None:
        """Nobody is told: an example has no inputs to say anything about."""

    def refused(self, dropped: Dropped) -> None:
        self.refusals.append(dropped)

    def failed(self, row: Row, attempt: Attempt) -> None:
        """What becomes of the row tells it."""

    @property
    def wants_calls(self) -> bool:
        return False

    def accepted(self, call: AcceptedCall) -> None:
        """What becomes of the row tells it."""

    def merged(self, row: Row, members: Sequence[str]) -> None:
        """An example has no use for it."""

    def learned(self, text: str) -> None:
        """An example has no use for it."""

    def further(self, used_up: UsedUp, given: int) -> Turn | None:
        """None: nothing is granted to an example."""
        return None

    def _answer(self, request: Request) -> str:
        replies = self._example.replies
        if self._example.same_for_all:
            return replies[0]
        number = self._numbers.setdefault(request.sample, len(self._numbers))
        if number >= len(replies):
            count = "one reply" if len(replies) == 1 else f"{len(replies)} replies"
            raise TooFewReplies(f"the step asks {number + 1} times, and the example has {count}")
        return replies[number]
