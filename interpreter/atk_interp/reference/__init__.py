"""The reference pages and config templates: pure functions from what is registered to text.

`python -m atk_interp.reference` writes the pages into `docs/reference/`, and with `--check` says which are stale.
"""

from atk_interp.reference.config import config_template
from atk_interp.reference.pages import pages

__all__ = ["config_template", "pages"]
