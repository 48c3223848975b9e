"""Pipelines, prompts and configs of Augmentoolkit, made into ours. Nothing of them is run, and no link out is followed.

`import_into` makes the files, checks them, and puts them into a folder.
"""

from atk_interp.importing.placing import AlreadyThere, new_folder
from atk_interp.importing.project import NothingToImport
from atk_interp.importing.reading import TooManyFiles
from atk_interp.importing.whole import Import, import_into
from atk_interp.importing.work import Wishes

__all__ = ["AlreadyThere", "Import", "NothingToImport", "TooManyFiles", "Wishes", "import_into", "new_folder"]
