"""Training a classifier of texts on texts with labels. The only door to scikit-learn.

A logistic regression over the weighted terms of the texts (`learned`) gives each label a probability. Everything runs
in one thread and starts from zero, so that the same texts in the same order give the same classifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atk_interp.kinds.base.learned import Learned, features
from atk_interp.kinds.base.results import StepStopped
from atk_interp.values import decode

__all__ = ["check_installed", "trained"]

_ROUNDS = 2000
_TOLERANCE = 1e-8
"""So near to the one solution that there is, that another machine comes to the same numbers."""

_DIGITS = 5
"""Of the numbers that are written down; what lies beyond them may depend on the machine."""


def check_installed() -> None:
    """Raise `StepStopped` when scikit-learn is not installed."""
    try:
        import sklearn  # type: ignore[import-untyped]  # noqa: F401  # imported late: an extra
    except ImportError as error:
        raise StepStopped(
            "`classifier` needs scikit-learn, which is not installed", "`pip install 'atk-interp[classifier]'`"
        ) from error


def trained(texts: Sequence[str], labels: Sequence[str]) -> Learned:
    """What texts with labels teach; the labels are canonical JSON. With one label among them it gives that one."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    if len(set(labels)) == 1:
        return Learned((_label(labels[0]),), (0.0,), {})
    weights: Any = TfidfVectorizer(analyzer=features, sublinear_tf=True)
    model: Any = LogisticRegression(C=10.0, class_weight="balanced", tol=_TOLERANCE, max_iter=_ROUNDS)
    with threadpool_limits(1):
        model.fit(weights.fit_transform(texts), labels)
    by_label, bias = model.coef_.tolist(), model.intercept_.tolist()
    if len(by_label) == 1:  # of two labels it knows by how much the second one is ahead
        by_label, bias = [[0.0] * len(by_label[0]), by_label[0]], [0.0, bias[0]]
    idf = weights.idf_.tolist()
    terms = {
        str(term): tuple(map(_short, (idf[at], *(of_label[at] for of_label in by_label))))
        for term, at in weights.vocabulary_.items()
    }
    return Learned(tuple(_label(str(label)) for label in model.classes_), tuple(map(_short, bias)), terms)


def _short(number: float) -> float:
    """A number as it is written down: what is saved labels as what was trained."""
    return float(f"{number:.{_DIGITS}g}")


def _label(canonical: str) -> str | int | bool:
    value = decode(canonical)
    assert isinstance(value, str | int | bool)
    return value
