"""`python`: a function of the user's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from atk_interp.expressions.types import Type
from atk_interp.foreign import Failed
from atk_interp.records import dataclass
from atk_interp.replies import options as checks
from atk_interp.replies.base import Fields, OptionsError, Reader, ReplyKind, ReplyUnreadable
from atk_interp.replies.cleaning import excerpt
from atk_interp.replies.shapes import Shape, read_record, shapes
from atk_interp.values import encode

if TYPE_CHECKING:
    from atk_interp.foreign.function import Function
    from atk_interp.foreign.workers import Workers

__all__ = ["PYTHON"]

_TIMEOUT_S = 10.0


@dataclass(frozen=True, eq=False)
class _PythonReader(Reader):
    members: Mapping[str, Shape]
    function: str | None = None
    many: bool = False
    workers: Workers | None = None

    @property
    def fields(self) -> Mapping[str, Type]:
        return {name: shape.type for name, shape in self.members.items()}

    @property
    def constrainable(self) -> tuple[str, ...]:
        return ()

    def reading_with(self, function: Function) -> Reader:
        from atk_interp.foreign.workers import Workers  # imported late: a check runs nothing

        return replace(self, workers=Workers(function, _TIMEOUT_S))

    def _read(self, text: str) -> list[Fields]:
        assert self.workers is not None
        try:
            found = self.workers.call(text)
        except Failed as error:
            raise ReplyUnreadable(f"`{self.function}` could not read the reply: {error}") from None
        readings = found if self.many and isinstance(found, list) else [found]
        if self.many and not isinstance(found, list):
            shown = excerpt(encode(found).decode())
            raise ReplyUnreadable(f"expected a list of readings from `{self.function}`, found {shown}")
        if not readings:
            raise ReplyUnreadable(f"`{self.function}` found no reading in {excerpt(text)}")
        return [read_record(self.members, reading) for reading in readings]


class _PythonKind(ReplyKind):
    """What a Python function makes of it, for forms that no other parser reads.

    ```yaml
    parse:
      python: reading.py:verdict      # a file beside the spec, and a function in it
      fields: {verdict: text, score: {type: int, min: 1, max: 10}}
    ```

    The function takes the text of the reply, without reasoning, and gives a mapping with these `fields` (types as
    for `json`); with `many: true` a list of them. What it raises makes the reply unreadable, and its message is the
    reason, as the model is told with `feedback`. It runs in a process of its own and has 10 seconds. The file is a
    part of what the step is known by; no call is known by it, so another version of it reads the same replies again.
    `--no-python` refuses it, and `lint` never runs it.
    """

    name = "python"
    value_schema: ClassVar[Mapping[str, Any]] = {"type": "string", "empty": False}
    schema: ClassVar[Mapping[str, Any]] = {"fields": {"type": "dict", "minlength": 1}}
    takes_many = True

    def build(self, value: Any, options: Mapping[str, Any]) -> Reader:
        if not isinstance(value, str):
            raise OptionsError("`python` must name a function", (self.name,), "as in `reading.py:verdict`")
        if "fields" not in options:
            told = "`python` does not say which fields it fills"
            raise OptionsError(told, (self.name,), "add `fields: {NAME: TYPE}`")
        return _PythonReader(shapes(options["fields"], ("fields",)), value, checks.flag(options, "many"))


PYTHON = _PythonKind()
