"""A classifier of texts, trained on texts with labels. The only door to scikit-learn.

Each text is its terms (those of `bm25`) and the pairs of neighbouring ones, weighted by how rare they are (tf-idf,
Salton and Buckley, "Term-weighting approaches in automatic text retrieval", 1988), and a logistic regression over them
gives each label a probability. Everything runs in one thread and starts from zero, so that the same texts in the same
order give the same classifier.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from atk_interp.kinds.base.bm25 import terms
from atk_interp.kinds.base.results import StepStopped

__all__ = ["Classifier", "check_installed"]

_ROUNDS = 1000
_PLACES = 4


def check_installed() -> None:
    """Raise `StepStopped` when scikit-learn is not installed."""
    try:
        import sklearn  # type: ignore[import-untyped]  # noqa: F401  # imported late: an extra
    except ImportError as error:
        raise StepStopped(
            "`classifier` needs scikit-learn, which is not installed", "`pip install 'atk-interp[classifier]'`"
        ) from error


class Classifier:
    """Labels texts as those that it was trained on. With one label among them it gives that one."""

    def __init__(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]
        from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        self._only = labels[0] if len(set(labels)) == 1 else None
        self._limits: Any = threadpool_limits
        if self._only is not None:
            return
        self._weights: Any = TfidfVectorizer(analyzer=_features, sublinear_tf=True)
        self._model: Any = LogisticRegression(C=10.0, class_weight="balanced", max_iter=_ROUNDS)
        with self._limits(1):
            self._model.fit(self._weights.fit_transform(texts), labels)

    def predict(self, texts: Sequence[str]) -> list[tuple[str, float]]:
        """The label of each text, and how probable it is."""
        if self._only is not None or not texts:
            return [(self._only or "", 1.0) for _ in texts]
        with self._limits(1):
            probable = self._model.predict_proba(self._weights.transform(texts))
        best = probable.argmax(axis=1)
        return [
            (str(self._model.classes_[at]), round(float(row[at]), _PLACES))
            for row, at in zip(probable, best, strict=True)
        ]


def _features(text: str) -> list[str]:
    found = terms(text)
    return [*found, *(f"{one} {other}" for one, other in itertools.pairwise(found))] or [""]
