"""All reference pages that follow from the package itself."""

from __future__ import annotations

from collections.abc import Mapping

from atk_interp.reference.cli import cli_page
from atk_interp.reference.codes import codes_page
from atk_interp.reference.events import events_page
from atk_interp.reference.kinds import kinds_page
from atk_interp.reference.outputs import outputs_page
from atk_interp.reference.replies import replies_page
from atk_interp.reference.settings import config_page

__all__ = ["pages"]


def pages(help_texts: Mapping[str, str]) -> dict[str, str]:
    """The text of every page by its file name. `help_texts` are those of the commands, as they print them."""
    return {
        "kinds.md": kinds_page(),
        "replies.md": replies_page(),
        "outputs.md": outputs_page(),
        "codes.md": codes_page(),
        "config.md": config_page(),
        "events.md": events_page(),
        "cli.md": cli_page(help_texts),
    }
