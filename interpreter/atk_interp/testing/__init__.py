"""Trying the examples of a spec with no model: for `atk-interp test`, and for those who test with pytest.

from atk_interp.testing import try_examples

@pytest.mark.parametrize("tried", try_examples("my_pipeline/config.yaml"), ids=str)
def test_the_examples_hold(tried):
    assert tried.holds, tried.told()
"""

from atk_interp.testing.difference import Difference
from atk_interp.testing.trial import Trial, try_examples, try_linted

__all__ = ["Difference", "Trial", "try_examples", "try_linted"]
