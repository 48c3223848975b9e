"""What a run looks like while it goes on, on screens of all sizes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from atk_interp.cli.display import Plain, Quiet
from atk_interp.cli.progress import Pace, View, line, screen
from atk_interp.cli.summary import causes, spending
from atk_interp.runtime.events import (
    Cause,
    EndpointState,
    Event,
    Noted,
    Paused,
    Progressed,
    Resumed,
    StepFinished,
    StepState,
    Waited,
)
from atk_interp.runtime.spent import Spent


def step(name: str, rows_in: int = 0, passed: int = 0, rejected: int = 0) -> StepState:
    return StepState(name, "generate", rows_in, passed, rejected=rejected, rows_out=passed, called=passed)


def done(name: str) -> StepState:
    return StepState(name, "generate", 10, 10, rows_out=10, called=10, finished=True)


def endpoint(limit: int = 32, failures: int = 0, failing_s: float = 0.0) -> EndpointState:
    return EndpointState(["small", "large"], 12, 40, limit, 32, failures, failing_s)


def paced(*moments: tuple[float, Progressed]) -> Pace:
    pace = Pace()
    for now, event in moments:
        pace.add(now, event)
    return pace


BEGUN = Progressed(0.0, [step("ask", 100)], {"ask": Spent(usd=0.0)}, [endpoint()])
HALF = Progressed(0.5, [step("ask", 100, 46, rejected=4)], {"ask": Spent(50, 5000, 500, 1.5)}, [endpoint()])


def texts(event: Progressed, pace: Pace, view: View) -> list[str]:
    return [told.text for told in screen(event, pace, view)]


def test_a_screen_tells_rows_rate_time_left_cost_losses_and_endpoints() -> None:
    head, titles, ask, end = texts(HALF, paced((0, BEGUN), (50, HALF)), View(120))
    assert head == " 50% after 50 s; about 50 s left; 46 calls (0.9/s); 1.50 USD, about 3.00 in all"
    assert titles.split() == ["step", "rows", "out", "rows/s", "left", "calls", "ledger", "USD", "lost"]
    assert ask.split()[2:] == ["50/100", "46", "1.0", "50", "s", "46", "1.50", "4", "rejected"]
    assert end == "small+large: 12 calls in flight of 32, 40 waiting"


def test_nothing_is_foretold_of_a_run_that_has_just_begun() -> None:
    head, *_ = texts(HALF, paced((0, BEGUN), (2, HALF)), View(120))
    assert head == " 50% after 2 s; 46 calls; 1.50 USD"


def test_time_left_is_that_of_the_pace_now_and_not_of_what_the_ledger_had() -> None:
    fast = Progressed(0.8, [step("ask", 100, 80)])
    slow = Progressed(0.81, [step("ask", 100, 81)])
    pace = paced((0, BEGUN), (1, fast), (59, fast), (70, slow), (90, slow))
    left = pace.left_s()
    assert left is not None
    assert left > 900


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 200])
@pytest.mark.parametrize("height", [8, 24])
def test_a_screen_fits_every_terminal(width: int, height: int) -> None:
    many = [step(f"a_pipeline_within.step_number_{number}", 1000000, number * 1000) for number in range(100)]
    event = Progressed(0.5, many, {}, [endpoint(failures=3, failing_s=9), endpoint(limit=4)])
    lines = texts(event, paced((0, event), (9, event)), View(width, height))
    assert len(lines) < height
    assert max(map(len, lines)) < width + (12 if width < 40 else 0)


def test_on_a_narrow_screen_a_step_has_its_rows_and_losses() -> None:
    _, _, titles, ask, _ = texts(HALF, paced((0, BEGUN), (50, HALF)), View(40))[-5:]
    assert titles.split() == ["step", "rows", "lost"]
    assert ask.split() == ["ask", "50/100", "4", "rejected"]


def test_of_many_steps_those_at_work_are_shown_and_the_others_counted() -> None:
    steps = [*(done(f"d{n}") for n in range(50)), *(step(f"busy{n}", 10, 5) for n in range(3)), *map(step, NAMES)]
    told = texts(Progressed(0.5, steps), Pace(), View(80, 14))
    shown = [text.split()[0] for text in told[2:-1]]
    assert shown[:3] == ["busy0", "busy1", "busy2"]
    assert shown[3:] == list(NAMES[: len(shown) - 3])
    assert told[-1] == f"and {100 - len(shown)} steps more: 50 done, {47 - (len(shown) - 3)} to come"


NAMES = [f"later{number}" for number in range(47)]


def test_a_terminal_that_has_ascii_alone_gets_nothing_else() -> None:
    assert all(text.isascii() for text in texts(HALF, Pace(), View(120, ascii=True)))
    assert not all(text.isascii() for text in texts(HALF, Pace(), View(120)))


def test_an_endpoint_that_does_not_reply_or_is_limited_stands_out() -> None:
    event = Progressed(0.5, [], {}, [endpoint(failures=7, failing_s=30), endpoint(limit=8)])
    ill, limited = screen(event, Pace(), View(100))[-2:]
    assert (ill.text, ill.style) == ("small+large: no reply for 30 s (7 failures in a row)", "warn")
    assert limited.text == "small+large: 12 calls in flight of 8 (limited from 32), 40 waiting"


def test_a_run_in_one_line() -> None:
    steps = [done("read"), *(step(f"s{number}", 10, 5) for number in range(5))]
    told = line(Progressed(0.5, steps, {}, [endpoint(failures=7, failing_s=30)]), Pace(now=9))
    assert (
        told == " 50% after 9 s; 35 calls; s2 5/10, s3 5/10, s4 5/10, and 2 steps more; small+large: no reply for 30 s"
    )


def test_when_all_steps_are_done_no_time_and_no_cost_are_foretold() -> None:
    event = Progressed(0.99, [done("ask")], {"ask": Spent(10, 5000, 500, 0.03)})
    assert line(event, paced((0, BEGUN), (5, event))) == " 99% after 5 s; 10 calls (2.0/s); 0.03 USD; writing"


# -- plain lines ----------------------------------------------------------------------------------------------------


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def plain(events: Sequence[tuple[float, Progressed | StepFinished | Noted | Waited | Paused]]) -> list[str]:
    told: list[str] = []
    time = Time()
    shown = Plain(told.append, time)
    for now, event in events:
        time.now = now
        shown.event(event)
    return told


def test_plain_lines_come_every_few_seconds_and_when_a_step_is_done() -> None:
    told = plain([*((tenth / 10, HALF) for tenth in range(120)), (12.0, StepFinished(done("ask")))])
    assert len(told) == 3
    assert told[-1] == "step ask: done, 10 in, 10 out; 10 called"


def test_of_notices_of_one_cause_the_first_are_told_and_then_that_there_are_more() -> None:
    told = plain([(0, Noted("read", "cannot be read", f"{number}.pdf")) for number in range(50)])
    assert told == [
        "notice: 0.pdf: cannot be read",
        "notice: 1.pdf: cannot be read",
        "notice: 2.pdf: cannot be read",
        "notice: more of them are counted and told at the end",
    ]


def test_who_wants_it_quiet_gets_warnings_and_pauses_alone() -> None:
    told: list[str] = []
    shown = Quiet(told.append)
    quiet: list[Event] = [
        Noted("read", "the encoding was guessed"),
        Waited("m", "its limit"),
        StepFinished(done("ask")),
        HALF,
    ]
    full = Noted("", "the disk is full; the run pauses", help="free some", serious=True)
    events: list[Event] = [*quiet, full, full, Paused(["small"], "no reply for 9 s"), Resumed(["small"], 9.0)]
    for event in events:
        shown.event(event)
    assert told == [
        "warning: the disk is full; the run pauses (free some)",
        "paused: `small`: no reply for 9 s",
        "going on: `small` replies again",
    ]


def test_waits_are_told_now_and_then() -> None:
    told = plain([(tenth / 10, Waited("m", "it is down")) for tenth in range(99)])
    assert told == ["waiting: it is down", "waiting: it is down"]


def test_a_pause_is_told_with_its_endpoints() -> None:
    assert plain([(0, Paused(["a", "b"], "it is down"))]) == ["paused: `a` and `b`: it is down"]


# -- at the end -----------------------------------------------------------------------------------------------------


def test_what_has_happened_often_is_told_at_the_end_with_its_count_and_what_was_first() -> None:
    often = Cause("Noted", "read", "cannot be read", "0.pdf", 50, serious=True)
    seldom = Cause("Noted", "read", "was guessed", "1.txt", 2)
    lost = Cause("Rejected", "ask", "too short", "r", 50)
    assert causes([often, seldom, lost]) == ["warning: 50 x cannot be read (first: 0.pdf)"]


def test_calls_without_a_count_are_told_as_unknown_and_not_as_nothing() -> None:
    class Told:
        paid = Spent(3, 0, 0, 0.0, uncounted=3)
        saved = Spent(3, 20, 10, None, cached_tokens=8, reasoning_tokens=4, uncounted=1)
        before = Spent()

    first, second = spending(Told()).splitlines()  # type: ignore[arg-type]  # all that it looks at
    assert first == "paid: 3 calls, tokens and cost unknown: the endpoint does not count them"
    assert second.endswith(
        "20 tokens in (8 of them cached), 10 out (4 of them reasoning); not counted by the endpoint: 1"
    )
