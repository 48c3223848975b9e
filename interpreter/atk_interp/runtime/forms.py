"""Which endpoints hold their replies to a schema: found out by the first call that has one, and remembered.

That call goes alone, while others like it wait for what becomes of it. An endpoint that takes `response_format` is sent
it from then on, also one that ignores it, which does no harm. One that refuses it is sent the same call without, and
none with it again. What is remembered may be wrong by now; a refusal that comes later is learned for the schema that
was refused.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from atk_interp.ledger import LedgerError
from atk_interp.ledger.learned import Trait, learn_trait, learned_traits
from atk_interp.llm.messages import ContextTooLong, EndpointRefused, FormRefused, Reply
from atk_interp.runtime.endpoints import Target
from atk_interp.runtime.variants import FORM_KEY, Variant
from atk_interp.spec import EndpointConfig
from atk_interp.values import content_hash

__all__ = ["FormTrials", "KnownForms"]

_UNCLEAR = (400, 415, 422, 501)
"""How servers refuse what they do not know, not all of them saying what it is."""

_YES, _NO = "yes", "no"
_OWN_ADDRESS = "https://api.openai.com/v1"

Send = Callable[[Variant], Awaitable[Reply]]
Place = tuple[str, str]
"""Whom something is known of: an address, without any login, and a model."""


class KnownForms:
    """What a ledger knows of who takes forms."""

    def __init__(self, ledger: Path | None) -> None:
        self._ledger = ledger
        self._known: dict[tuple[Place, str], bool] | None = None

    async def recall(self) -> None:
        """Read the ledger, the first time. What it refuses to say is found out anew."""
        if self._known is None:
            traits: Sequence[Trait] = ()
            if self._ledger is not None:
                with contextlib.suppress(LedgerError):
                    traits = await asyncio.to_thread(learned_traits, self._ledger)
            if self._known is None:  # else another call was quicker
                self._known = {((trait.endpoint, trait.model), trait.name): trait.value == _YES for trait in traits}

    def takes(self, target: Target, formed: Variant) -> bool | None:
        """Whether a request goes out with its form; None when that is still to be found out."""
        if target.config.structured != "auto":
            return target.config.structured == "always"
        if not self._known:
            return None
        place = _place(target)
        if self._known.get((place, _trait_of(formed))) is False:
            return False
        return self._known.get((place, FORM_KEY))

    async def learn(self, target: Target, name: str, takes: bool) -> bool:
        """Remember, in the ledger if it can; whether that is news."""
        place = _place(target)
        known = self._known = self._known or {}
        if known.get((place, name)) is takes:
            return False
        known[place, name] = takes
        if self._ledger is not None:
            with contextlib.suppress(LedgerError):  # the next run finds out again
                await asyncio.to_thread(learn_trait, self._ledger, Trait(*place, name, _YES if takes else _NO))
        return True

    def best(self, target: Target, candidates: Sequence[Variant]) -> Variant:
        """The one of the candidates of a slot that would be sent."""
        first = candidates[0]
        return candidates[1] if first.formed and self.takes(target, first) is False else first


class FormTrials:
    """Sends calls with their forms, or without: for one run, in one event loop. `say` is told what is found out."""

    def __init__(self, known: KnownForms, say: Callable[[str], None]) -> None:
        self._known = known
        self._say = say
        self._trials: dict[Place, asyncio.Event] = {}

    async def answer(self, target: Target, formed: Variant, plain: Variant, send: Send) -> tuple[Variant, Reply]:
        """The reply, and to which of the two. Raises what `send` raises for the one that could not be spared."""
        await self._known.recall()
        place = _place(target)
        while (takes := self._known.takes(target, formed)) is None:
            before = self._trials.get(place)
            if before is None:
                return await self._trial(target, formed, plain, send)
            await before.wait()
        if not takes:
            return plain, await send(plain)
        if target.config.structured == "always":
            return formed, await send(formed)
        try:
            return formed, await send(formed)
        except FormRefused:
            reply = await send(plain)
        if await self._known.learn(target, _trait_of(formed), takes=False):
            self._say(f"`{place[0]}` refuses a schema of replies, which goes unsent from now on")
        return plain, reply

    async def _trial(self, target: Target, formed: Variant, plain: Variant, send: Send) -> tuple[Variant, Reply]:
        place = _place(target)
        over = self._trials[place] = asyncio.Event()
        try:
            try:
                reply = await send(formed)
            except EndpointRefused as error:
                if not _may_be_about_form(error):
                    raise
            else:
                await self._known.learn(target, FORM_KEY, takes=True)
                return formed, reply
            # What refuses this one, too, has other reasons than the form, and nothing is learned.
            reply = await send(plain)
            if await self._known.learn(target, FORM_KEY, takes=False):
                self._say(f"`{place[0]}` takes no schema of replies (`response_format`): it is asked without")
            return plain, reply
        finally:
            del self._trials[place]
            over.set()


def _may_be_about_form(error: EndpointRefused) -> bool:
    if isinstance(error, ContextTooLong):
        return False
    return isinstance(error, FormRefused) or error.status in _UNCLEAR


def _trait_of(formed: Variant) -> str:
    """The name under which it is remembered that an endpoint refuses one schema while it takes others."""
    return f"{FORM_KEY} {content_hash('atk-form-v1', formed.request.sampling[FORM_KEY])[:16]}"


def _place(target: Target) -> Place:
    return _address(target.config), target.model


def _address(config: EndpointConfig) -> str:
    """All addresses of a slot, as they stand for each other, without the users, passwords and queries in them."""
    return " ".join(map(_bare, config.base_urls or (_OWN_ADDRESS,)))


def _bare(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl().rstrip("/")
