"""Filters that Jinja does not have: votes, hashes, draws, and text as people mistype it."""

from __future__ import annotations

from itertools import accumulate

from atk_interp.expressions.bounds import MAX_ITEMS, MAX_SIZE, TooLarge, check_size, size
from atk_interp.expressions.draws import Draw
from atk_interp.expressions.errors import OperandError
from atk_interp.expressions.functions.conversations import CONVERSATION_FILTERS
from atk_interp.expressions.functions.model import PROBABILITY, Example, Form, Function, Limit, Parameter
from atk_interp.expressions.kinds import ALL_KINDS, NUMBER, Kind
from atk_interp.expressions.types import ANY, BOOL, FLOAT, INT, TEXT, ListType, RecordType, Type
from atk_interp.tokens import TOKENIZERS, count_tokens
from atk_interp.values import content_hash

__all__ = ["ADDED_CALLS", "ADDED_FILTERS"]

_TEXT = frozenset([Kind.TEXT])
_LIST = frozenset([Kind.LIST])
_INT = frozenset([Kind.INT])
_HASH_DIGITS = 16
_STYLES = ("upper", "lower", "title", "sentence", "alternating", "inverted", "snake", "kebab", "camel", "pascal")
_KEYBOARDS = ("qwerty", "qwertz", "azerty", "jcuken")


def _share(value: bool | list[object]) -> float:
    answers = value if isinstance(value, list) else [value]
    if answers and {*map(type, answers)} != {bool}:
        raise OperandError("every item must be true or false")
    return answers.count(True) / len(answers) if answers else 0.0


def _tokens(text: str, tokenizer: str) -> int:
    return count_tokens(text, tokenizer)


def _hash(value: object) -> str:
    if size(value) > MAX_SIZE:
        raise TooLarge("the value is too large")
    return content_hash("atk-expression-hash-v1", value)[:_HASH_DIGITS]


def _chance(draw: Draw, probability: int | float) -> bool:
    if not PROBABILITY.holds(probability):
        raise OperandError(PROBABILITY.says)
    return draw.fraction() < probability


_WEIGHTS = Limit(
    lambda weights: all(type(weight) in (int, float) and weight >= 0 for weight in weights) and any(weights),
    "weights are numbers, none of them below 0, and not all 0",
)


def _pick(draw: Draw, value: list[object] | dict[str, object], weights: list[object] | None) -> object:
    if isinstance(value, dict):
        if weights is not None:
            raise OperandError("a record brings its own weights")
        # The order of keys is no part of a value.
        names = sorted(value)
        items: list[object] = [*names]
        weights = [value[name] for name in names]
    else:
        items = value
    if not items:
        raise OperandError("there is nothing to pick from")
    if weights is None:
        return items[int(draw.fraction() * len(items))]
    return _weighted(draw, items, weights)


def _weighted(draw: Draw, items: list[object], weights: list[object]) -> object:
    if len(weights) != len(items):
        raise OperandError(f"of items there are {len(items)}, and of weights {len(weights)}")
    if not _WEIGHTS.holds(weights):
        raise OperandError(_WEIGHTS.says)
    bounds = [*accumulate(weights)]
    point = draw.fraction() * float(bounds[-1])  # type: ignore[arg-type]
    # The last item with a weight is the answer when rounding puts the point at the very end.
    last = max(number for number, weight in enumerate(weights) if weight)
    return items[next((number for number, bound in enumerate(bounds) if point < bound), last)]  # type: ignore[operator]


def _shuffled(draw: Draw, items: list[object]) -> list[object]:
    order = sorted(range(len(items)), key=draw.fraction)
    return [items[number] for number in order]


def _cased(text: str, style: str) -> str:
    from atk_interp.expressions.noise import cased  # imported late, as all of it: most specs have none

    check_size(2 * len(text))
    return cased(text, style)


def _random_case(draw: Draw, text: str, p: int | float) -> str:
    from atk_interp.expressions.noise import random_case

    return random_case(draw, text, p)


def _typos(draw: Draw, text: str, rate: int | float, keyboard: str) -> str:
    from atk_interp.expressions.noise import typos

    check_size(2 * len(text))
    return typos(draw, text, rate, keyboard)


def _range(first: int, second: int | None, step: int) -> list[int]:
    numbers = range(first) if second is None else range(first, second, step)
    if second is None and step != 1:
        numbers = range(0, first, step)
    if len(numbers) > MAX_ITEMS:
        raise TooLarge(f"a range has at most {MAX_ITEMS:,} numbers")
    return [*numbers]


def _picked(value: Type, _: tuple[Type, ...]) -> Type:
    if isinstance(value, RecordType):
        return TEXT
    return value.item if isinstance(value, ListType) else ANY


_CHANCE_DOC = "True with this probability (0 to 1), by a draw that follows from the seed, the row and the place."

ADDED_FILTERS = (
    *CONVERSATION_FILTERS,
    Function(
        "share",
        frozenset([Kind.BOOL, Kind.LIST]),
        FLOAT,
        _share,
        "The share of true among true and false, from 0 to 1; 0 for an empty list; a single true counts 1.",
        Example("[true, true, false, true] | share", 0.75),
        items=frozenset([Kind.BOOL]),
        is_share=True,
        in_jinja=False,
    ),
    Function(
        "tokens",
        _TEXT,
        INT,
        _tokens,
        "How many tokens the text takes in a vocabulary: `o200k`, `cl100k` or `qwen3.5`.",
        Example('"one two three" | tokens', 3),
        (Parameter("tokenizer", _TEXT, "o200k", choices=TOKENIZERS),),
        in_jinja=False,
    ),
    Function(
        "hash",
        ALL_KINDS,
        TEXT,
        _hash,
        "16 hexadecimal digits that stand for the value; the same everywhere and always.",
        Example('"a" | hash | length', 16),
        in_jinja=False,
    ),
    Function(
        "cased",
        _TEXT,
        TEXT,
        _cased,
        "Spelt as `style` says: `upper`, `lower`, `title`, `sentence`, `alternating`, `inverted`; or each line as one "
        "identifier: `snake`, `kebab`, `camel`, `pascal`.",
        Example('"the old mill" | cased("camel")', "theOldMill"),
        (Parameter("style", _TEXT, choices=_STYLES),),
        in_jinja=False,
    ),
    Function(
        "pick",
        frozenset([Kind.LIST, Kind.RECORD]),
        _picked,
        _pick,
        "One of the items, by a draw for this row; with `weights`, or from a record of weights by name.",
        Example('["only"] | pick', "only"),
        (Parameter("weights", _LIST | {Kind.NULL}, None, limit=_WEIGHTS),),
        form=Form.SEEDED,
        in_jinja=False,
    ),
    Function(
        "shuffled",
        _LIST,
        lambda value, _: value,
        _shuffled,
        "The items in an order drawn for this row.",
        Example("[1] | shuffled", [1]),
        form=Form.SEEDED,
        in_jinja=False,
    ),
    Function(
        "chance",
        NUMBER,
        BOOL,
        _chance,
        _CHANCE_DOC,
        Example("1 | chance", True),
        form=Form.SEEDED,
        in_jinja=False,
    ),
    Function(
        "random_case",
        _TEXT,
        TEXT,
        _random_case,
        "Each letter in upper case with probability `p`, else in lower case, by draws for this row.",
        Example('"Old Mill" | random_case(1)', "OLD MILL"),
        (Parameter("p", NUMBER, 0.5, limit=PROBABILITY),),
        form=Form.SEEDED,
        in_jinja=False,
    ),
    Function(
        "typos",
        _TEXT,
        TEXT,
        _typos,
        "With a typing error at about this share of letters and spaces, as on a `qwerty`, `qwertz`, `azerty` or "
        "`jcuken` keyboard, by draws for this row.",
        Example('"Old Mill" | typos(0)', "Old Mill"),
        (
            Parameter("rate", NUMBER, 0.03, limit=PROBABILITY),
            Parameter("keyboard", _TEXT, "qwerty", choices=_KEYBOARDS),
        ),
        form=Form.SEEDED,
        in_jinja=False,
    ),
)

ADDED_CALLS = (
    Function(
        "chance",
        ALL_KINDS,
        BOOL,
        lambda draw, _, p: _chance(draw, p),
        _CHANCE_DOC,
        Example("chance(1)", True),
        (Parameter("p", NUMBER, limit=PROBABILITY),),
        form=Form.SEEDED,
        in_jinja=False,
    ),
    Function(
        "range",
        ALL_KINDS,
        ListType(INT),
        lambda _, *bounds: _range(*bounds),
        "The whole numbers below a bound, or from one to below another, in steps.",
        Example("range(1, 4) | list", [1, 2, 3]),
        (
            Parameter("start", _INT),
            Parameter("stop", _INT | {Kind.NULL}, None),
            Parameter("step", _INT, 1, limit=Limit(bool, "the step must not be 0")),
        ),
        lazy=True,
    ),
)
