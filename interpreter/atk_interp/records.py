"""`dataclass` as in the standard library, at a twentieth of its price to a program that is just starting.

The standard decorator writes six methods for a frozen class as source text and compiles each while the module is
imported: half a millisecond a class, and checking a spec imports more than a hundred of them. Here the fields are
still read by the standard decorator (so `fields`, `replace`, `asdict` and pattern matching work as ever), but the
methods that only walk over them are shared, and `__init__` is compiled when the first instance is made.

Type checkers take `dataclass` for the standard one. A class that is not frozen, or wants what the standard library
alone does (`order`), is handed to it unchanged. Fields that are `InitVar` are not supported.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

_UNSET = object()  # the default of a parameter whose field has a factory


def _frozen(cls: type[Any], *, slots: bool = False, eq: bool = True, repr: bool = True, kw_only: bool = False) -> Any:
    """`cls` as a frozen dataclass. What the class defines itself is kept, as in the standard library."""
    own = set(cls.__dict__)
    if vars(cls)["__doc__"] is None:
        cls.__doc__ = cls.__name__  # or the standard decorator would work out the signature for one
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only, slots=slots)(cls)
    methods: dict[str, Callable[..., Any]] = {"__init__": _first_init(made)}
    if repr:
        methods["__repr__"] = _repr
    if eq:
        methods |= _comparison(made)
        if "__eq__" in own and vars(cls)["__hash__"] is None:
            own.discard("__hash__")  # Python's mark of a class that says what equal means and nothing of hashes
    if slots:
        methods |= {"__getstate__": _get_state, "__setstate__": _set_state}
    for name, method in methods.items():
        if name not in own:
            setattr(made, name, method)
    made.__setattr__, made.__delattr__ = _refuse_setting, _refuse_deleting
    return made


def _first_init(cls: Any) -> Callable[..., None]:
    """An `__init__` that puts the real one in its place, then does what was asked."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - it is one
        cls.__init__ = _written_init(cls)
        cls.__init__(self, *args, **kwargs)

    return __init__


def _written_init(cls: Any) -> Callable[..., None]:
    """One assignment for each field, past the `__setattr__` that refuses them; a slot is filled without a search."""
    names: dict[str, Any] = {"put": object.__setattr__, "unset": _UNSET}
    positional, by_name, body = ["self"], list[str](), list[str]()
    for field in dataclasses.fields(cls):
        name, value, parameter = field.name, field.name, field.name
        if field.default_factory is not dataclasses.MISSING:
            names[f"make_{name}"] = field.default_factory
            value = f"make_{name}() if {name} is unset else {name}" if field.init else f"make_{name}()"
            parameter = f"{name}=unset"
        elif field.default is not dataclasses.MISSING:
            names[f"default_{name}"] = field.default
            value = name if field.init else f"default_{name}"
            parameter = f"{name}=default_{name}"
        elif not field.init:
            continue  # `__post_init__` gives it its value
        slot = getattr(cls, name, None)
        if isinstance(slot, MemberDescriptorType):
            names[f"fill_{name}"] = slot.__set__
            body.append(f" fill_{name}(self, {value})")
        else:
            body.append(f" put(self, {name!r}, {value})")
        if field.init:
            (by_name if field.kw_only else positional).append(parameter)
    if hasattr(cls, "__post_init__"):
        body.append(" self.__post_init__()")
    star = ["*"] if by_name else []
    source = f"def __init__({', '.join([*positional, *star, *by_name])}):\n" + "\n".join(body or [" pass"])
    exec(source, names)
    written: Callable[..., None] = names["__init__"]
    written.__qualname__ = f"{cls.__qualname__}.__init__"  # a call with a wrong argument names the class
    return written


def _comparison(cls: Any) -> dict[str, Callable[..., Any]]:
    """`__eq__` and `__hash__` by the fields that count."""
    fields = dataclasses.fields(cls)
    compared = _values([field.name for field in fields if field.compare])
    hashed = _values([field.name for field in fields if (field.compare if field.hash is None else field.hash)])

    def __eq__(self: Any, other: object) -> bool:  # noqa: N807
        if other.__class__ is self.__class__:
            return bool(compared(self) == compared(other))
        return NotImplemented

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(hashed(self))

    return {"__eq__": __eq__, "__hash__": __hash__}


def _values(names: list[str]) -> Callable[[Any], Any]:
    """The values under these names, as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda instance: tuple(getattr(instance, name) for name in names)


@recursive_repr()
def _repr(self: Any) -> str:
    shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{self.__class__.__qualname__}({shown})"


def _refuse_setting(self: Any, name: str, value: Any) -> None:
    if _is_field(self, name):
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
    object.__setattr__(self, name, value)


def _refuse_deleting(self: Any, name: str) -> None:
    if _is_field(self, name):
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
    object.__delattr__(self, name)


def _is_field(instance: Any, name: str) -> bool:
    """Whether the name is not the instance's own: a plain subclass may have attributes beside the fields."""
    cls = type(instance)
    return "__dataclass_fields__" in cls.__dict__ or name in cls.__dataclass_fields__


def _get_state(self: Any) -> list[Any]:
    """For `copy` and `pickle`, which cannot set what has slots and is frozen."""
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, order=False, **options):
        if not frozen or order:
            return dataclasses.dataclass(cls, frozen=frozen, order=order, **options)
        if cls is None:
            return lambda decorated: _frozen(decorated, **options)
        return _frozen(cls, **options)
