"""A frozen dataclass of ours behaves as one of the standard library; only when its methods are made differs."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import field
from typing import Any, ClassVar

import pytest

from atk_interp import records


def shapes(dataclass: Any) -> dict[str, Any]:
    """The same classes, made by one decorator or the other."""

    @dataclass(frozen=True)
    class Plain:
        a: int
        b: str = "b"
        KNOWN: ClassVar[int] = 3

    @dataclass(frozen=True, slots=True)
    class Slotted:
        a: int
        b: list[int] = field(default_factory=list)

    @dataclass(frozen=True, slots=True)
    class Derived(Slotted):
        c: int = field(default=0, compare=False, repr=False)

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Named:
        a: int
        made: frozenset[int] = field(init=False, default=frozenset({1}))

    @dataclass(frozen=True)
    class Checked:
        a: int
        double: int = field(init=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "double", 2 * self.a)

    @dataclass(frozen=True)
    class Own:
        a: int

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return True

    @dataclass(frozen=True, eq=False)
    class Identical:
        a: int

    @dataclass(frozen=True)
    class Empty:
        pass

    @dataclass(frozen=True, order=True)
    class Ordered:
        a: int

    return {name: value for name, value in locals().items() if isinstance(value, type)}


OURS, THEIRS = shapes(records.dataclass), shapes(dataclasses.dataclass)
CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("Plain", (1,), {}),
    ("Plain", (1, "c"), {}),
    ("Plain", (), {"b": "c", "a": float("nan")}),
    ("Plain", (), {}),
    ("Plain", (1, 2, 3), {}),
    ("Plain", (1,), {"c": 2}),
    ("Slotted", (1,), {}),
    ("Slotted", (1, [2]), {}),
    ("Derived", (1, [2], 3), {}),
    ("Derived", (1,), {"c": 4}),
    ("Named", (1,), {}),
    ("Named", (), {"a": 1}),
    ("Named", (), {"a": 1, "made": 2}),
    ("Checked", (2,), {}),
    ("Own", (1,), {}),
    ("Identical", (1,), {}),
    ("Empty", (), {}),
    ("Ordered", (1,), {}),
]


def outcome(what: Any) -> Any:
    """What a call gives, or how it fails."""
    try:
        return what()
    except (TypeError, AttributeError, ValueError) as error:
        return type(error), str(error)


def seen(made: Any) -> list[Any]:
    """All that one can see of an instance, or of the failure to make one."""
    if isinstance(made, tuple):
        return list(made)
    cls = type(made)
    return [
        outcome(lambda: repr(made)),
        made == made,
        made == copy.copy(made),
        made == 3,
        outcome(lambda: isinstance(hash(made), int)),
        cls.__match_args__,
        cls.__doc__ and cls.__doc__.partition("(")[0],
        [(f.name, f.init, f.kw_only) for f in dataclasses.fields(made)],
        outcome(lambda: dataclasses.asdict(made)),
        outcome(lambda: repr(dataclasses.replace(made, a=7))),
        outcome(lambda: setattr(made, "a", 1)),
        outcome(lambda: delattr(made, "a")),
        hasattr(made, "__dict__"),
        outcome(lambda: made < made),
    ]


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_it_does_what_the_standard_one_does(call: tuple[str, tuple[Any, ...], dict[str, Any]]) -> None:
    name, args, named = call
    ours, theirs = (outcome(lambda made=made: made[name](*args, **named)) for made in (OURS, THEIRS))
    assert seen(ours) == seen(theirs)


def test_equal_values_are_equal_and_hash_alike_and_others_are_not() -> None:
    plain, derived = OURS["Plain"], OURS["Derived"]
    assert plain(1) == plain(1, "b")
    assert plain(1) != plain(2)
    assert hash(plain(1)) == hash(plain(1, "b"))
    assert derived(1, [], 3) == derived(1, [], 4)
    assert derived(1) != OURS["Slotted"](1)


def test_every_instance_has_a_list_of_its_own() -> None:
    first, second = OURS["Slotted"](1), OURS["Slotted"](1)
    first.b.append(3)
    assert second.b == []


def test_a_derived_class_made_first_leaves_its_base_whole() -> None:
    classes = shapes(records.dataclass)
    assert repr(classes["Derived"](1)).endswith("Derived(a=1, b=[])")
    assert repr(classes["Slotted"](2)).endswith("Slotted(a=2, b=[])")


def test_a_plain_subclass_may_have_attributes_beside_the_fields() -> None:
    instance = type("Plainer", (OURS["Plain"],), {})(1)
    instance.extra = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        instance.a = 2
    assert (instance.a, instance.extra) == (1, 2)


@records.dataclass(frozen=True, slots=True)
class Sent:
    a: int
    b: tuple[int, ...] = ()


@records.dataclass(frozen=True)
class SentOpen:
    a: int
    b: tuple[int, ...] = ()


@pytest.mark.parametrize("cls", [Sent, SentOpen])
def test_what_is_pickled_comes_back_equal(cls: type[Any]) -> None:
    assert pickle.loads(pickle.dumps(cls(1, (2,)))) == cls(1, (2,))


def test_it_takes_part_in_pattern_matching() -> None:
    match Sent(1, (2,)):
        case Sent(a, (b,)):
            assert (a, b) == (1, 2)
        case _:
            pytest.fail("no match")
