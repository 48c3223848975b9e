"""Who speaks when in `converse`, what each speaker hears, how a dialogue ends, and what becomes of a bad turn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from atk_interp.llm.messages import EndpointDown, Request
from atk_interp.pipeline import InvalidSpec
from support.pipelines import Ran, compiled, run

SPEC = """
    steps:
      given: {kind: rows, rows: [{topic: tides}]}
      talk:
        kind: converse
        from: given
        model: m
        prompt: ask
        speakers: {pupil: , tutor: , OTHERS}
        turns: 4
        MORE
    outputs:
      out.jsonl: {from: talk, format: jsonl}
    """
PROMPT = """
    - system: "You are {{ speaker }}, and speak of {{ topic }}."
    - user: Begin.
    """


def counting(request: Request) -> str:
    """Says the number of the turn."""
    return f"turn {request.sample + 1}"


async def talked(
    folder: Path, *more: str, model: Callable[[Request], str] = counting, others: str = "", prompt: str = PROMPT
) -> Ran:
    spec = SPEC.replace("MORE", "\n        ".join(more)).replace("OTHERS", others)
    return await run(folder, spec, model, prompts={"ask": prompt})


def contents(ran: Ran) -> list[str]:
    return [turn["content"] for turn in ran.rows[0]["conversation"]]


async def test_speakers_take_turns_and_the_last_one_is_the_assistant(tmp_path: Path) -> None:
    ran = await talked(tmp_path)
    assert ran.rows == [
        {
            "topic": "tides",
            "conversation": [
                {"speaker": "pupil", "role": "user", "content": "turn 1"},
                {"speaker": "tutor", "role": "assistant", "content": "turn 2"},
                {"speaker": "pupil", "role": "user", "content": "turn 3"},
                {"speaker": "tutor", "role": "assistant", "content": "turn 4"},
            ],
        }
    ]


async def test_a_speaker_hears_itself_as_assistant_and_others_as_user(tmp_path: Path) -> None:
    ran = await talked(tmp_path)
    third = next(request for request in ran.requests if request.sample == 2)
    assert [(message.role, message.content) for message in third.messages] == [
        ("system", "You are pupil, and speak of tides."),
        ("user", "Begin."),
        ("assistant", "turn 1"),
        ("user", "turn 2"),
    ]
    second = next(request for request in ran.requests if request.sample == 1)
    assert [message.role for message in second.messages] == ["system", "user"]
    assert second.messages[-1].content == "Begin.\n\nturn 1"


async def test_of_more_than_two_speakers_each_hears_who_speaks(tmp_path: Path) -> None:
    ran = await talked(tmp_path, others="judge: ")
    fourth = next(request for request in ran.requests if request.sample == 3)
    assert fourth.messages[-1].content == "tutor: turn 2\n\njudge: turn 3"


async def test_a_dialogue_ends_when_until_is_true_or_the_phrase_is_said(tmp_path: Path) -> None:
    assert contents(await talked(tmp_path, "until: \"'2' in content\"")) == ["turn 1", "turn 2"]

    def leaving(request: Request) -> str:
        return "bye [END] now" if request.sample == 2 else "[END]" if request.sample == 3 else counting(request)

    assert contents(await talked(tmp_path, 'end_phrase: "[END]"', model=leaving)) == ["turn 1", "turn 2", "bye"]


async def test_who_says_the_phrase_alone_has_said_nothing(tmp_path: Path) -> None:
    def leaving(request: Request) -> str:
        return "[END]" if request.sample == 1 else counting(request)

    assert contents(await talked(tmp_path, 'end_phrase: "[END]"', model=leaving)) == ["turn 1"]


async def test_an_expression_says_who_is_next(tmp_path: Path) -> None:
    ran = await talked(tmp_path, "next: \"'tutor' if turn < 3 else 'pupil'\"")
    assert [turn["speaker"] for turn in ran.rows[0]["conversation"]] == ["pupil", "tutor", "tutor", "pupil"]


async def test_an_opening_is_said_without_a_model(tmp_path: Path) -> None:
    ran = await talked(tmp_path, 'opening: [{pupil: "What are {{ topic }}?"}]', 'until: "turn == 2"')
    assert contents(ran) == ["What are tides?", "turn 1"]
    assert ran.said == ["Begin.\n\nWhat are tides?"]


async def test_a_turn_is_read_with_parse_and_keeps_its_other_fields(tmp_path: Path) -> None:
    def tagged(request: Request) -> str:
        return f"<mood>calm</mood><content>{counting(request)}</content>"

    parse = "parse: {tags: [mood, content]}"
    ran = await talked(tmp_path, parse, "until: \"mood == 'calm'\"", "assistant: pupil", "into: chat", model=tagged)
    assert ran.rows[0]["chat"] == [{"speaker": "pupil", "role": "assistant", "mood": "calm", "content": "turn 1"}]


async def test_a_dialogue_whose_turn_is_bad_is_rejected_with_what_was_said(tmp_path: Path) -> None:
    rules = ("attempts: 2", "accept: {says no three: \"'3' not in content\"}")
    ran = await talked(tmp_path, *rules)
    (rejected,) = ran.rejected
    assert rejected["label"] == "says no three"
    assert [turn["content"] for turn in rejected["fields"]["conversation"]] == ["turn 1", "turn 2"]
    assert [attempt["reply"] for attempt in rejected["attempts"]] == ["turn 3", "turn 3"]
    kept = await talked(tmp_path, *rules, "on_reject: keep")
    assert kept.rows == [{"topic": "tides", "conversation": None}]


async def test_a_dialogue_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    def dying(request: Request) -> str:
        if request.sample == 2:
            raise EndpointDown("gone", "m")
        return counting(request)

    stopped = await talked(tmp_path, model=dying)
    assert stopped.result.exit_code == 4
    ran = await talked(tmp_path)
    assert [request.sample for request in ran.requests] == [2, 3]
    assert contents(ran) == ["turn 1", "turn 2", "turn 3", "turn 4"]


async def test_prompts_may_put_the_history_in_themselves(tmp_path: Path) -> None:
    prompt = '- user: "{{ speaker }}:{% for said in conversation %} {{ said.content }}{% endfor %}"'
    ran = await talked(tmp_path, "history: prompt", prompt=prompt)
    assert ran.said[:2] == ["pupil:", "pupil: turn 1 turn 2"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("next: \"'teacher'\"", "there is no speaker `teacher`"),
        ("assistant: teacher", "there is no speaker `teacher`"),
        ("opening: [{teacher: Hello}]", "there is no speaker `teacher`"),
        ("parse: {text: words}", "what is said in a turn is `content`"),
        ("history: prompt", "never uses `conversation`"),
    ],
)
def test_what_makes_no_dialogue_is_told(tmp_path: Path, more: str, told: str) -> None:
    with pytest.raises(InvalidSpec) as error:
        compiled(tmp_path, SPEC.replace("MORE", more).replace("OTHERS", ""), prompts={"ask": PROMPT})
    assert told in str(error.value)
