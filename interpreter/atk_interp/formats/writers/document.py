"""`document`: one text about all rows: a dataset card, the config of a trainer."""

from __future__ import annotations

from atk_interp.expressions.types import RecordType
from atk_interp.formats.writers.base import Content, RecordError, Takes, line
from atk_interp.records import dataclass

__all__ = ["Document"]


@dataclass(frozen=True, slots=True)
class Document:
    """The file is a Jinja template filled with what is known at the end of a run, and written after all other outputs.

    It knows `pipeline`, `description`, `version` (of this program), `params`, `seed`; whether the run is `complete`,
    or has stopped; `step`, whose rows it is about, their number as `count`, and the first five of them as `rows`;
    `steps` (`name`, `kind`, `rows_in`, `passed`, `filtered`, `rejected`, `rows_out`), `models` (`slot`, `name`), and
    `outputs` (`name`, `stem`, `format`, `holds`, `marked`, `rows`, `builder` for `datasets`, `is_document`); `holds`
    is the `format`, or what calls are written `as`, and `marked` whether its messages say `train`. Times are not
    among them: the same run gives the same text. The file ends with one line break.

    Templates that ship with the program: `hf_dataset_card` (as `README.md`), `axolotl`, `trl`.
    """

    name: str = "document"
    takes: Takes = "fields"

    def layout(self, fields: RecordType) -> RecordType:
        return fields

    def record(self, content: Content) -> bytes:
        if not isinstance(content, dict):
            raise RecordError("the format takes fields, and got messages")
        return line(content)
