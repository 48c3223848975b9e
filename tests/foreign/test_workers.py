"""Running users' functions in processes: results, failures, crashes, and calls that do not come back."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from atk_interp.foreign import VARIABLE, CannotLoad, Failed, Interrupted, Interruption, PythonRefused
from atk_interp.foreign.function import find_function
from atk_interp.foreign.workers import Workers

Made = Callable[..., Workers]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    """Workers for the function `f` of a text."""
    alive: list[Workers] = []

    def make(text: str, timeout_s: float = 30.0, **files: str) -> Workers:
        for name, content in {"own": text, **files}.items():
            (tmp_path / f"{name}.py").write_text(content)
        alive.append(Workers(find_function("own.py:f", tmp_path, Path.read_bytes), timeout_s))
        return alive[-1]

    yield make
    for workers in alive:
        workers.close()


def test_a_function_is_called_with_values_and_gives_one(made: Made) -> None:
    workers = made(
        "import helper\ndef f(a, *, b): return helper.add(a, b)", helper="def add(a, b): return [a, b, None]"
    )
    assert workers.call({"x": 1.5}, b="ü") == [{"x": 1.5}, "ü", None]


def test_it_runs_in_a_process_of_its_own_that_stays_for_the_next_call(made: Made) -> None:
    workers = made("import os\ncount = 0\ndef f():\n    global count\n    count += 1\n    return [os.getpid(), count]")
    first, second = workers.call(), workers.call()
    assert isinstance(first, list)
    assert isinstance(second, list)
    assert first[0] != os.getpid()
    assert len({first[0], second[0]}) * max(int(str(first[1])), int(str(second[1]))) == 2


def test_what_it_raises_is_told_with_its_place_in_the_file(made: Made) -> None:
    workers = made(
        "import helper\ndef f():\n    return helper.fail()", helper="def fail():\n    raise KeyError('a\\nb')"
    )
    with pytest.raises(Failed, match=r"^helper\.py:2: KeyError: 'a\\nb'$"):
        workers.call()


@pytest.mark.parametrize("result", ["{1}", "object()", "float", "{1: 2}", "1 << 70", "'\\ud800'"])
def test_a_result_that_is_no_json_fails(made: Made, result: str) -> None:
    with pytest.raises(Failed, match="its result is not JSON"):
        made(f"def f(): return {result}").call()


def test_what_it_prints_is_no_result(made: Made) -> None:
    assert made("import os\ndef f():\n    print('x')\n    os.write(1, b'y')\n    return 1").call() == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import not_there_at_all\ndef f(): ...", "own.py:1: ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("def f(): ...\n1 / 0", "own.py:2: ZeroDivisionError: division by zero"),
        ("import os\ndef f(): ...\nos._exit(7)", "exit code 7"),
        ("f = 3", "TypeError: `f` is a `int`, which cannot be called"),
    ],
)
def test_a_file_that_cannot_be_loaded_fails_every_call(made: Made, text: str, told: str) -> None:
    workers = made(text)
    for _ in range(2):
        with pytest.raises(CannotLoad) as error:
            workers.call()
        assert str(error.value) == f"`own.py:f` cannot be loaded: {told}"


def test_a_call_whose_process_ends_is_made_once_more(made: Made, tmp_path: Path) -> None:
    workers = made(
        "import os\ndef f(path):\n    os.mkdir(path) if not os.path.exists(path) else 1/0\n    os.kill(os.getpid(), 9)"
    )
    with pytest.raises(Failed, match="ZeroDivisionError"):
        workers.call(str(tmp_path / "been"))


def test_a_call_that_ends_two_processes_has_failed_and_others_go_on(made: Made) -> None:
    workers = made("import os\ndef f(x):\n    if x: os.kill(os.getpid(), 11)\n    return x")
    with pytest.raises(Failed, match=r"^it ended the process in which it ran, twice: signal SIGSEGV$"):
        workers.call(1)
    assert workers.call(0) == 0


def test_a_call_that_takes_too_long_has_failed_and_others_go_on(made: Made) -> None:
    workers = made("import time\ndef f(x):\n    while x: pass\n    return x", timeout_s=0.3)
    with pytest.raises(Failed, match=r"^it took longer than 0\.3 s$"):
        workers.call(1)
    assert workers.call(0) == 0


async def test_coroutines_run_side_by_side(made: Made) -> None:
    """The first waits for the last: one after the other they would not end."""
    workers = made(
        "import asyncio\ncome = asyncio.Event()\n"
        "async def f(x):\n    come.set() if x == 9 else await come.wait()\n    return x"
    )
    assert await asyncio.gather(*(workers.acall(x) for x in range(10))) == list(range(10))


async def test_of_coroutines_in_one_process_only_the_one_that_ends_it_fails(made: Made) -> None:
    text = (
        "import asyncio, os\nasync def f(x):\n    await asyncio.sleep(0.01)\n    if x == 2: os._exit(1)\n    return x"
    )
    workers = made(text)
    results = await asyncio.gather(*(workers.acall(x) for x in range(4)), return_exceptions=True)
    assert [result if isinstance(result, int) else type(result) for result in results] == [0, 1, Failed, 3]


async def test_a_coroutine_that_waits_too_long_has_failed(made: Made) -> None:
    workers = made("import asyncio\nasync def f(x): await asyncio.sleep(x)", timeout_s=0.2)
    with pytest.raises(Failed, match=r"longer than 0\.2 s"):
        await workers.acall(60)
    assert await workers.acall(0) is None


async def test_a_coroutine_may_raise_a_time_limit_of_its_own(made: Made) -> None:
    with pytest.raises(Failed, match="TimeoutError: mine"):
        await made("async def f(): raise TimeoutError('mine')").acall()


def test_python_may_be_refused(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    with pytest.raises(PythonRefused):
        made("def f(): return 1").call()


def test_the_processes_end_with_who_owns_them(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("import os\ndef f(): return os.getpid()")
    workers = Workers(find_function("own.py:f", tmp_path, Path.read_bytes), 30)
    pid = workers.call()
    assert isinstance(pid, int)
    del workers
    gc.collect()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_processes_end_with_a_program_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "import os, time\ndef f():\n    print(os.getpid(), flush=True)\n    time.sleep(9999)"
    )
    asks = (
        "import sys; from pathlib import Path; from atk_interp.foreign.function import find_function\n"
        "from atk_interp.foreign.workers import Workers\n"
        "Workers(find_function('own.py:f', Path(sys.argv[1]), Path.read_bytes), 9999).call()"
    )
    program = subprocess.Popen([sys.executable, "-c", asks, str(tmp_path)], stderr=subprocess.PIPE)
    assert program.stderr is not None
    with program.stderr as told:
        worker = int(told.readline())
        program.kill()
        program.wait()
        assert told.read() == b""  # its end is the end of all who could write to it
    assert worker > 0


_HANGS = "import pathlib, time\ndef f(pipe):\n    pathlib.Path(pipe).write_text('begun')\n    time.sleep(3600)"


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A pipe that a function writes to when it has begun: to read it is to wait for that."""
    os.mkfifo(tmp_path / "begun")
    return tmp_path / "begun"


async def test_a_call_that_a_run_waits_for_ends_with_the_run(made: Made, begun: Path) -> None:
    workers = made(_HANGS, timeout_s=3600)
    interruption = Interruption()
    with interruption.entered():
        waiting = asyncio.create_task(asyncio.to_thread(workers.call, str(begun)))
    await asyncio.to_thread(begun.read_text)
    interruption.stop()
    with pytest.raises(Interrupted):
        await waiting


async def test_no_further_call_of_that_run_is_made_and_those_of_others_are(made: Made) -> None:
    workers = made("def f(): return 1")
    interruption = Interruption()
    interruption.stop()
    with interruption.entered(), pytest.raises(Interrupted):
        workers.call()
    assert await asyncio.to_thread(workers.call) == 1


async def test_a_call_that_waits_behind_others_ends_with_its_run(made: Made, begun: Path) -> None:
    workers = made(_HANGS, timeout_s=3600)
    interruption = Interruption()
    with interruption.entered():
        waiting = [asyncio.create_task(asyncio.to_thread(workers.call, str(begun))) for _ in range(9)]
    await asyncio.to_thread(begun.read_text)
    interruption.stop()
    assert {type(ended) for ended in await asyncio.gather(*waiting, return_exceptions=True)} == {Interrupted}


async def test_an_import_that_hangs_ends_with_the_run(made: Made, begun: Path) -> None:
    hangs = f"import pathlib, time\npathlib.Path({str(begun)!r}).write_text('begun')\ntime.sleep(3600)"
    workers = made(f"{hangs}\ndef f(): pass")
    interruption = Interruption()
    with interruption.entered():
        waiting = asyncio.create_task(asyncio.to_thread(workers.call))
    await asyncio.to_thread(begun.read_text)
    interruption.stop()
    with pytest.raises(Interrupted):
        await waiting
