"""`atk-interp lsp` without its extra: what to install."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT = (
    "import sys; sys.modules['pygls'] = None; from atk_interp.cli.main import main; sys.argv = ['x', 'lsp']; main()"
)


@pytest.mark.slow
def test_a_missing_extra_is_told() -> None:
    ran = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert "the language server is not installed" in ran.stderr
    assert 'pip install "atk-interp[lsp]"' in ran.stderr
