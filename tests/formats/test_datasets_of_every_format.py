"""Every format, as a run writes it, in the library that trainers load datasets with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets  # type: ignore[import-untyped]
import yaml

from atk_interp.formats.outputs import OUTPUTS
from support.every_format import written
from support.pipelines import Ran

_BUILDERS = {".jsonl": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}


def loaded(ran: Ran, name: str) -> Any:
    path = ran.folder / name
    cache = str(ran.folder.parent / "cache")
    return datasets.load_dataset(_BUILDERS[path.suffix], data_files=str(path), cache_dir=cache, split="train")


async def test_datasets_loads_every_format_with_its_rows(tmp_path: Path) -> None:
    ran = await written(tmp_path)
    made = {output.name: output for output in ran.result.outputs}
    spec = yaml.safe_load((tmp_path / "pipeline.yaml").read_text())
    assert {output["format"] for output in spec["outputs"].values()} == set(OUTPUTS)
    for name, output in made.items():
        if output.form == "document":
            continue
        rows = loaded(ran, name)
        assert len(rows) == output.rows == 3, name
        own = list(ran.result.rows(name))
        if output.form == "csv":  # whose values are text
            own = [{**row, "n": int(row["n"])} for row in own]
        assert rows.to_list() == own, name


async def test_a_dataset_card_names_files_that_datasets_loads(tmp_path: Path) -> None:
    """It takes the files of a folder to be of one form, that of the first one."""
    ran = await written(tmp_path)
    card = (ran.folder / "README.md").read_text()
    told = yaml.safe_load(card.split("---")[1])
    assert told["size_categories"] == ["n<1K"]
    files = {config["config_name"]: config["data_files"] for config in told["configs"]}
    assert "rows.jsonl" in files.values()
    assert "table.csv" not in files.values()
    for name in files:
        rows = datasets.load_dataset(str(ran.folder), name, cache_dir=str(tmp_path / "cache"), split="train")
        assert len(rows) == 3
