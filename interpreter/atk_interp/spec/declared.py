"""The parameters that a spec declares, and what it requires of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from atk_interp.diagnostics import Sink, did_you_mean
from atk_interp.document import Document, Path
from atk_interp.patterns import pattern
from atk_interp.spec import codes
from atk_interp.spec.misplaced import NamedMappings
from atk_interp.spec.model import Param, Requirement
from atk_interp.spec.names import NAME, check_name
from atk_interp.spec.params import check_value, unknown_keys, unquoted, where_wrong
from atk_interp.spec.schema import PARAM_SCHEMA, TAKEN_TYPES

__all__ = ["load_params", "load_requirements"]

_EACH = pattern(rf"\s*({NAME})\s+as\s+({NAME})\s*\Z")


def load_params(document: Document, sink: Sink) -> dict[str, Param]:
    """The parameters of the spec in a document, in the order of the file. What is wrong with any goes to the sink."""
    params: dict[str, Param] = {}
    found = NamedMappings(document, ("params",), "parameter", lambda has: PARAM_SCHEMA, sink)
    for name, data in found.items():
        path: Path = ("params", name)
        named = check_name(name, "parameter", document, path, sink)
        if not found.fits(name, PARAM_SCHEMA, "in a parameter") or not named:
            params[name] = Param(name, "any", optional=True, path=path)  # told here, and not again where it is used
            continue
        param = Param(
            name=name,
            type=data["type"],
            default=data.get("default"),
            has_default="default" in data,
            optional=bool(data.get("optional")),
            min=data.get("min"),
            max=data.get("max"),
            choices=tuple(data.get("choices", ())),
            help=data.get("help", ""),
            section=data.get("section", ""),
            path=path,
            of=data.get("of", "any"),
            needs=tuple(data.get("needs", ())),
            takes=_takes(document, path, data, sink),
        )
        params[name] = param
        _check_items(document, param, sink)
        if param.min is not None and param.max is not None and param.min > param.max:
            told = f"`min` is {param.min}, more than `max`, which is {param.max}"
            sink.report(codes.BAD_VALUE, document.span((*path, "min")), told, help="exchange them")
        problem = check_value(param, param.default) if param.has_default and param.default is not None else None
        if problem:
            help_, place = unquoted(param, param.default), (*path, "default", *where_wrong(param, param.default))
            sink.report(codes.BAD_PARAMETER, document.span(place), problem, help=help_)
        for place, told, help_ in unknown_keys(param, param.default):
            sink.report(codes.BAD_PARAMETER, document.key_span((*path, "default", *place)), told, help=help_)
        if param.type == "choice" and not param.choices:
            sink.report(
                codes.MISSING_KEY, document.key_span(path), "`choices` is missing in a parameter of type `choice`"
            )
    return params


def _takes(document: Document, path: Path, data: Mapping[str, Any], sink: Sink) -> dict[str, Param]:
    """What the keys of the maps of a parameter take. Those that it `needs` may be left out of `takes`."""
    if "takes" not in data:
        return {}
    taken = {key: _taken(document, (*path, "takes", key), rules, sink) for key, rules in data["takes"].items()}
    return {**{key: Param(key, "any", optional=True) for key in data.get("needs", ()) if key not in taken}, **taken}


def _taken(document: Document, path: Path, rules: Any, sink: Sink) -> Param:
    """What one key takes: the name of a type, or rules that fit their schema."""
    name = str(path[-1])
    given: dict[str, Any] = {"type": rules} if isinstance(rules, str) else rules
    if isinstance(rules, str) and rules not in TAKEN_TYPES:
        known = ", ".join(f"`{type_}`" for type_ in TAKEN_TYPES)
        help_ = did_you_mean(rules, TAKEN_TYPES) or f"choices are {known}"
        sink.report(codes.NOT_A_CHOICE, document.span(path), f"`{name}` cannot be `{rules}`", help=help_)
        given = {"type": "any"}
    if given["type"] == "choice" and not given.get("choices"):
        sink.report(codes.MISSING_KEY, document.key_span(path), "`choices` is missing in a key of type `choice`")
    return Param(
        name=name,
        type=given["type"],
        optional=True,
        min=given.get("min"),
        max=given.get("max"),
        choices=tuple(given.get("choices", ())),
        help=given.get("help", ""),
        path=path,
        of=given.get("of", "any"),
    )


_ABOUT_MAPS = ("needs", "takes")


def _check_items(document: Document, param: Param, sink: Sink) -> None:
    """Tells of keys about the items of a list, or about maps, in a parameter that has none such."""
    has_parts = param.type in ("list", "map")
    has_maps = (param.type == "map" and param.of == "any") or (has_parts and param.of == "map")
    for key in ("of", *_ABOUT_MAPS):
        if document.has((*param.path, key)) and not (has_maps if key in _ABOUT_MAPS else has_parts):
            home = "a `map`, or a list or map `of: map`" if key in _ABOUT_MAPS else "a list or a map"
            sink.report(codes.BAD_VALUE, document.key_span((*param.path, key)), f"`{key}` is for {home}")


def load_requirements(document: Document, sink: Sink) -> Iterator[Requirement]:
    """What the spec in a document requires of its parameters. What is wrong with `each` goes to the sink."""
    found = document.get(("requires",))
    for label, written in found.items() if isinstance(found, dict) else ():
        path: Path = ("requires", label)
        if not str(label).strip():
            told = "a requirement has no sentence, so nobody would know what is wrong"
            sink.report(codes.BAD_VALUE, document.key_span(path), told, help="write in its place what must hold")
        if isinstance(written, str):
            yield Requirement(str(label), path)
            continue
        each, holds = (document.get((*path, key)) for key in ("each", "holds"))
        named = _EACH.match(each) if isinstance(each, str) else None
        if named is not None and isinstance(holds, str):
            yield Requirement(str(label), (*path, "holds"), named[1], named[2])
        elif isinstance(each, str) and named is None:  # all else is told
            told = "`each` takes a parameter and a name for its items"
            help_ = "write it as in `folders as folder`"
            sink.report(codes.BAD_VALUE, document.span((*path, "each")), told, help=help_)
