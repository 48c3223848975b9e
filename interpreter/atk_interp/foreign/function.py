"""A function that a spec names as `file.py:function`, found and read without running anything."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from atk_interp.records import dataclass

__all__ = ["Function", "FunctionNotUsable", "Module", "Parameters", "find_function"]

Read = Callable[[Path], bytes]
"""The content of a file. Raises `OSError`."""


class FunctionNotUsable(Exception):
    """The function is not there, or its file cannot be read. The message says why, `help` what to do."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.help = help


@dataclass(frozen=True, slots=True)
class Module:
    """A file of the function: what people call it, where it stands, and its text."""

    shown: str
    path: str
    text: str
    is_package: bool


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a function takes. `required` are those without a default, in their order."""

    names: tuple[str, ...]
    required: tuple[str, ...]
    positional: int
    """How many may be given by their place."""
    any_name: bool

    def misfit(self, given: Sequence[str], positional: int = 0) -> str | None:
        """Why a call with so many arguments by place, and these by name, fails; None when it does not."""
        if self.positional < positional:
            return "takes no argument" if not self.positional else f"takes {self.positional} arguments by their place"
        by_place = self.names[:positional]
        unknown = [name for name in given if name not in self.names[positional:] and not self.any_name]
        if unknown:
            return f"takes no `{unknown[0]}`"
        lacking = [name for name in self.required if name not in (*given, *by_place)]
        return f"needs `{lacking[0]}`, which it is not given" if lacking else None


@dataclass(frozen=True)
class Function:
    """A function with the text of its file, and of the files beside it that this imports, by their module names.

    `parameters` is None where they cannot be told from the text. `digest` is a hash of all the texts.
    """

    reference: str
    module: str
    name: str
    modules: Mapping[str, Module]
    parameters: Parameters | None
    is_async: bool
    line: int

    @property
    def digest(self) -> str:
        whole = hashlib.sha256(b"atk-python-v1")
        for name, module in sorted(self.modules.items()):
            for part in (name, module.text):
                data = part.encode("utf-8", "surrogatepass")
                whole.update(len(data).to_bytes(8, "big") + data)
        return whole.hexdigest()


def find_function(reference: object, folder: Path, read: Read) -> Function:
    """The function that `file.py:function` means, in a file below `folder`. Raises `FunctionNotUsable`."""
    file, name = _parts(reference)
    root = folder.resolve()
    path = root / file
    if not path.resolve().is_relative_to(root):
        raise FunctionNotUsable(f"`{file}` is outside of the folder of the spec", "put the file beside the spec")
    module = Module(file.as_posix(), str(path), _text(path, file.as_posix(), read), False)
    tree = _parsed(module)
    found = _definition(tree, name)
    if found is None:
        known = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        listed = ", ".join(f"`{each}`" for each in known if not each.startswith("_")) or "none"
        raise FunctionNotUsable(f"there is no function `{name}` in `{module.shown}`", f"its functions are {listed}")
    modules = {path.stem: module}
    _add_imports(tree, path.stem, path.parent, file.parent, modules, read)
    is_plain = isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef) and not found.decorator_list
    return Function(
        f"{module.shown}:{name}",
        path.stem,
        name,
        modules,
        _parameters(found.args) if is_plain and isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef) else None,
        isinstance(found, ast.AsyncFunctionDef),
        found.lineno,
    )


def _parts(reference: object) -> tuple[PurePosixPath, str]:
    told = "write the file and the function, as in `scoring.py:score`"
    if not isinstance(reference, str):
        raise FunctionNotUsable("a function is named by text", told)
    file, colon, name = reference.strip().rpartition(":")
    path = PurePosixPath(file)
    if not colon or not name.isidentifier() or path.suffix != ".py" or not path.stem.isidentifier():
        raise FunctionNotUsable(f"`{reference}` names no function", told)
    if path.is_absolute() or ".." in path.parts:
        raise FunctionNotUsable(f"`{file}` is outside of the folder of the spec", "put the file beside the spec")
    return path, name


def _text(path: Path, shown: str, read: Read) -> str:
    try:
        return read(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise FunctionNotUsable(f"there is no file `{shown}` beside the spec") from None
    except (OSError, ValueError) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(getattr(error, "strerror", error))
        raise FunctionNotUsable(f"`{shown}` cannot be read: {why}") from None


def _parsed(module: Module) -> ast.Module:
    try:
        return ast.parse(module.text, module.shown)
    except SyntaxError as error:
        told = f"`{module.shown}` is not Python: {error.msg} in line {error.lineno}"
    except (ValueError, RecursionError, MemoryError) as error:
        told = f"`{module.shown}` is not Python: {error}"
    raise FunctionNotUsable(told)


_Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.Assign | ast.AnnAssign | ast.ImportFrom | ast.ClassDef


def _definition(tree: ast.Module, name: str) -> _Named | None:
    """What gives a name its value at the top of a file, the last of it."""
    found: _Named | None = None
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if node.name == name:
                found = node
            case ast.Assign() if any(isinstance(target, ast.Name) and target.id == name for target in node.targets):
                found = node
            case ast.AnnAssign(target=ast.Name(id=target)) if target == name and node.value is not None:
                found = node
            case ast.ImportFrom() if any((alias.asname or alias.name) == name for alias in node.names):
                found = node
    return found


def _parameters(args: ast.arguments) -> Parameters:
    by_place = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    needed = by_place[: len(by_place) - len(args.defaults)]
    named = [arg.arg for arg in args.kwonlyargs]
    needed += [name for name, default in zip(named, args.kw_defaults, strict=True) if default is None]
    places = 1_000 if args.vararg is not None else len(by_place)
    return Parameters((*by_place, *named), tuple(needed), places, args.kwarg is not None)


def _add_imports(
    tree: ast.Module, name: str, root: Path, shown: PurePosixPath, modules: dict[str, Module], read: Read
) -> None:
    """Add the modules beside a file that it imports, and those that they import."""
    for wanted in _imported(tree, name, modules[name].is_package):
        parts = wanted.split(".")
        for depth in range(1, len(parts) + 1):
            inner = ".".join(parts[:depth])
            if inner in modules:
                continue
            found = _module(parts[:depth], root, shown, read)
            if found is None:
                break
            modules[inner] = found
            _add_imports(_parsed(found), inner, root, shown, modules, read)


def _module(parts: Sequence[str], root: Path, shown: PurePosixPath, read: Read) -> Module | None:
    place = PurePosixPath(*parts)
    for file, is_package in ((place.with_suffix(".py"), False), (place / "__init__.py", True)):
        path = root / file
        if not path.resolve().is_relative_to(root.resolve()):
            continue
        try:
            return Module((shown / file).as_posix(), str(path), read(path).decode("utf-8-sig"), is_package)
        except (OSError, ValueError):
            continue
    return None


def _imported(tree: ast.Module, name: str, is_package: bool) -> Iterator[str]:
    """The modules that a file may import, with the names that it takes from them, which may be modules as well."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            around = name.split(".")
            if node.level:
                around = around[: len(around) - node.level + is_package]
            base = ".".join([*(around if node.level else []), *([node.module] if node.module else [])])
            if base:
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")
