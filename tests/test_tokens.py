from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from atk_interp.tokens import TOKENIZERS, count_tokens


def test_counts_are_those_of_the_published_vocabularies() -> None:
    """Values from OpenAI's own tokenizer."""
    assert count_tokens("hello world") == 2
    assert count_tokens("hello world", "cl100k") == 2
    assert count_tokens("tiktoken is great!") == 6
    assert count_tokens("tiktoken is great!", "cl100k") == 6
    assert count_tokens("お誕生日おめでとう") == 8
    assert count_tokens("お誕生日おめでとう", "cl100k") == 9


def test_nothing_takes_no_tokens() -> None:
    assert count_tokens("") == 0


def test_special_tokens_in_a_text_are_ordinary_text() -> None:
    assert count_tokens("<|endoftext|>") > 1


def test_half_a_surrogate_pair_is_counted_too() -> None:
    assert count_tokens("a \ud800 b") == count_tokens("a ? b")


def test_unknown_tokenizer_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="unknown tokenizer `gpt`; there are o200k, cl100k"):
        count_tokens("text", "gpt")


def test_threads_may_count_at_once() -> None:
    texts = [f"text number {number}" * 50 for number in range(200)]
    expected = [count_tokens(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(count_tokens, texts)) == expected


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_a_long_text_without_spaces_is_counted(tokenizer: str) -> None:
    assert count_tokens("a" * 1_000_000, tokenizer) == 125_000


@pytest.mark.slow
def test_importing_the_module_loads_no_tokenizer() -> None:
    code = "import sys, atk_interp.tokens; sys.exit('toktok' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, check=False).returncode
        == 0
    )
