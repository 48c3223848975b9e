"""Rows that are inserted many at a time are all there, in their order."""

from __future__ import annotations

import sqlite3

import pytest

from atk_interp.ledger.bulk import Insert


@pytest.mark.parametrize("count", [0, 1, 3, 4, 63, 64, 85, 200])
def test_all_rows_are_inserted_in_their_order(count: int) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (number INTEGER PRIMARY KEY, a, b)")
    rows = [(f"a{number}", number) for number in range(count)]
    Insert("t (a, b)", columns=2).rows(connection, rows)
    assert connection.execute("SELECT a, b FROM t ORDER BY number").fetchall() == rows
    connection.close()


def test_rows_that_are_there_may_be_passed_over() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (a PRIMARY KEY, b)")
    insert = Insert("t (a, b)", columns=2, otherwise="ON CONFLICT (a) DO NOTHING")
    insert.rows(connection, [(number, "first") for number in range(0, 50, 2)])
    before = connection.total_changes
    insert.rows(connection, [(number, "second") for number in range(50)])
    assert connection.total_changes - before == 25
    found = connection.execute("SELECT b FROM t ORDER BY a").fetchall()
    assert found == [("first",), ("second",)] * 25
    connection.close()
