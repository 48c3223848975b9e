"""What was found out about an expression is known again, and only where it still holds."""

from __future__ import annotations

from atk_interp.expressions import ast
from atk_interp.expressions.memory import Memory
from atk_interp.expressions.parser import parse
from atk_interp.expressions.types import INT, TEXT


def _node(text: str) -> ast.Node:
    node, _ = parse(text)
    assert node is not None
    return node


def test_the_same_text_has_the_same_answer() -> None:
    memory: Memory[str] = Memory()
    memory.keep("yes", [_node("a > 1")], {"a": INT})

    assert memory.recall([_node("a > 1")], {"a": INT, "other": TEXT}) == "yes"


def test_another_type_or_bound_of_a_name_is_another_question() -> None:
    memory: Memory[str] = Memory()
    memory.keep("yes", [_node("a > 1")], {"a": INT}, {"a": (0, 5)})

    assert memory.recall([_node("a > 1")], {"a": INT}, {"a": (0, 5)}) == "yes"
    assert memory.recall([_node("a > 1")], {"a": TEXT}, {"a": (0, 5)}) is None
    assert memory.recall([_node("a > 1")], {}, {"a": (0, 5)}) is None
    assert memory.recall([_node("a > 1")], {"a": INT}, {"a": (0, 6)}) is None


def test_the_same_node_within_another_list_is_another_question() -> None:
    memory: Memory[str] = Memory()
    memory.keep("yes", [_node("a > 1"), _node("b")], {"a": INT})

    assert memory.recall([_node("a > 1")], {"a": INT}) is None
    assert memory.recall([_node("a > 1"), _node("b")], {"a": INT}) == "yes"
    assert memory.recall([_node("b"), _node("a > 1")], {"a": INT}) is None


def test_no_more_is_kept_than_is_meant() -> None:
    memory: Memory[int] = Memory(most=10)
    for number in range(25):
        memory.keep(number, [_node(f"a > {number}")], {})

    assert memory.recall([_node("a > 24")], {}) == 24
    assert memory.recall([_node("a > 1")], {}) is None
