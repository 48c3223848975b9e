"""Jinja's code generator, with nothing computed before a rendering begins, and every loop and value paid for."""

from __future__ import annotations

from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator

__all__ = ["NAMING", "Generator", "template_names"]

NAMING = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
"""The statements that name another file."""


def template_names(node: nodes.Node) -> list[str] | None:
    """The files that an `include` or its like names; None when they are not written out.

    Data that could choose a file would bring into a prompt what nobody looked at.
    """
    named: nodes.Node = node.template  # type: ignore[attr-defined]
    items = named.items if isinstance(named, nodes.Tuple | nodes.List) else [named]
    names = [item.value for item in items if isinstance(item, nodes.Const) and isinstance(item.value, str)]
    return names if len(names) == len(items) else None


class Generator(CodeGenerator):
    """Generates calls of the functions in `work` around what could grow or take long."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._wrapped: dict[int, str] = {}
        """The function of the environment that each of these nodes, by its identity, is handed through."""

    def visit(self, node: nodes.Node, *args: Any, **keywords: Any) -> Any:
        if isinstance(node, NAMING) and template_names(node) is None:
            self.fail("the name of a file is written out in a template, not computed", node.lineno)
        function = self._wrapped.get(id(node))
        if function is None:
            return super().visit(node, *args, **keywords)
        self.write(f"environment.{function}(")
        super().visit(node, *args, **keywords)
        self.write(")")
        return None

    def _output_child_to_const(self, node: nodes.Expr, *args: Any) -> str:
        """Jinja would compute `{{ 'a' | center(10**9) }}` here, while a spec is merely checked."""
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible()
        return super()._output_child_to_const(node, *args)

    def visit_For(self, node: nodes.For, *args: Any) -> None:  # noqa: N802
        self._wrapped[id(node.iter)] = "counted"
        super().visit_For(node, *args)

    def visit_Compare(self, node: nodes.Compare, *args: Any) -> None:  # noqa: N802
        """Whatever is compared with a plain constant is compared at once."""
        sides = [node.expr, *(operand.expr for operand in node.ops)]
        quick = any(isinstance(side, nodes.Const) for side in sides)
        if not quick or any(operand.op in ("in", "notin") for operand in node.ops):
            self._wrapped.update((id(side), "compared") for side in sides if not isinstance(side, nodes.Const))
        super().visit_Compare(node, *args)

    def visit_Concat(self, node: nodes.Concat, *args: Any) -> None:  # noqa: N802
        self.write("environment.concat((")
        for part in node.nodes:
            self.visit(part, *args)
            self.write(", ")
        self.write("))")

    def visit_Getitem(self, node: nodes.Getitem, *args: Any) -> None:  # noqa: N802
        self._paid(super().visit_Getitem, isinstance(node.arg, nodes.Slice), node, *args)

    def visit_List(self, node: nodes.List, *args: Any) -> None:  # noqa: N802
        self._paid(super().visit_List, True, node, *args)

    def visit_Dict(self, node: nodes.Dict, *args: Any) -> None:  # noqa: N802
        self._paid(super().visit_Dict, True, node, *args)

    def visit_Tuple(self, node: nodes.Tuple, *args: Any) -> None:  # noqa: N802
        self._paid(super().visit_Tuple, node.ctx == "load", node, *args)

    def visit_Const(self, node: nodes.Const, *args: Any) -> None:  # noqa: N802
        if isinstance(node.value, int) and abs(node.value) >= 2**64:
            self.fail("the number is too large", node.lineno)
        super().visit_Const(node, *args)

    def visit_ScopedEvalContextModifier(self, node: nodes.ScopedEvalContextModifier, *args: Any) -> None:  # noqa: N802
        self.fail("Encountered unknown tag 'autoescape'", node.lineno)

    def _paid(self, visit: Any, grows: bool, *args: Any) -> None:
        if grows:
            self.write("environment.bounded(")
        visit(*args)
        if grows:
            self.write(")")
