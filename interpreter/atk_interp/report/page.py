"""`report.html`: a run on one page, to be read by people. It needs no script, no network and no server.

It is made from what the run has left in its folder, so its size and the memory that it takes do not grow with the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atk_interp.report.flowing import funnel, graph
from atk_interp.report.html import document, tag
from atk_interp.report.overview import about, checks, head, notices
from atk_interp.report.rows import PromptOf, outputs, rejections
from atk_interp.report.style import POLICY, STYLE

__all__ = ["report"]


def report(record: Mapping[str, Any], folder: Path, prompt_of: PromptOf = lambda rejection: ()) -> str:
    """The page of the run with this record (`run.json`) in this folder. Blocking: reads the files of the run.

    Raises `OSError`.
    """
    sections = {
        "Checks": checks(record),
        "Notices": notices(record),
        "Flow": graph(record),
        "Funnel": funnel(record),
        "First rows": outputs(record, folder),
        "Filtered and rejected": rejections(folder, prompt_of),
        "What ran": about(record),
    }
    there = {name: section for name, section in sections.items() if section is not None}
    places = {"First rows": "rows", "Filtered and rejected": "rejected", "What ran": "about"}
    links = [tag("a", name, href=f"#{places.get(name, name.lower())}") for name in there]
    page = tag("main", head(record), tag("nav", *links), *there.values(), tag("footer", "Made by atk-interp."))
    return document(f"{record['pipeline']}: {record['status']}", STYLE, POLICY, page)
