"""What preference_pairs makes of a judge who has no preference."""

from __future__ import annotations

from pathlib import Path

from atk_interp.pipeline import compile_pipeline

CASE = Path(__file__).parent / "cases" / "preference_pairs" / "judged"


async def test_verdicts_without_a_pair_are_no_success(case: Path) -> None:
    replies = case / "replies.yaml"
    tie = '- {when: {contains: You compare two answers}, reply: "Better: tie"}\n'
    replies.write_text(tie + replies.read_text())
    result = await compile_pipeline(case / "config.yaml").run({"output_dir": str(case.parent / "out")})
    assert (result.status, result.exit_code) == ("stopped", 1)
    assert result.message.startswith("no rows are left after step `without_ties`: of ")
    assert (case.parent / "out" / "verdicts.incomplete.jsonl").read_text().count("\n") == 5
