"""Rows on disk, in order."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.formats.atomic import CannotWrite
from atk_interp.runtime import spool as module
from atk_interp.runtime.spool import Spool

ORDERS = st.lists(st.lists(st.integers(0, 2**48 - 1), min_size=1, max_size=4).map(tuple), max_size=30)


@given(orders=ORDERS, big=st.booleans())
def test_what_is_put_comes_back_in_the_order_of_tuples(orders: list[tuple[int, ...]], big: bool) -> None:
    spool = Spool()
    padding = b"x" * (module._BATCH_BYTES // 5 if big else 0)
    for number, order in enumerate(orders):
        spool.put(order, b"%d " % number + padding)
    numbers = [int(data.split()[0]) for data in spool.read()]
    spool.close()
    assert numbers == sorted(range(len(orders)), key=lambda number: orders[number])
    assert spool.count == len(orders)


def test_many_threads_may_put() -> None:
    spool = Spool()

    def put(first: int) -> None:
        for number in range(first, 2000, 4):
            spool.put((number,), b"%d" % number)

    threads = [threading.Thread(target=put, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [int(data) for data in spool.read()] == list(range(2000))
    spool.close()


def test_a_reader_that_is_given_up_does_not_block_the_end() -> None:
    spool = Spool()
    for number in range(1000):
        spool.put((number,), b"row")
    reader = spool.read()
    assert next(reader) == b"row"
    spool.close()
    spool.put((1,), b"too late")
    assert spool.count == 1000


def test_a_full_disk_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 1)
    spool = Spool()
    spool.put((0,), b"the first makes the file")
    assert spool._database is not None
    spool._database.execute("PRAGMA max_page_count = 4")
    with pytest.raises(CannotWrite, match="temporary files of the run cannot be written: database or disk is full"):
        spool.put((1,), b"x" * 100_000)
    spool.close()
