"""Stories of `roleplay` that take nothing from a passage by itself: no prompt misses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.llm.scripted import ScriptedClient
from atk_interp.pipeline import compile_pipeline
from atk_interp.stock import find_pipeline

DOCUMENTS = {"rope.txt": "The rope lasts three years. When it is worn the ferryman cuts it up, and is silent all day."}
CARD = """
## Name
Tamsin Vey
## Appearance
Broad hands.
## Personality
Patient with strangers.
## History
Her brother drowned.
## Way of speaking
Few words.
## Scene
The user is the last passenger of the evening.
"""
STORY = 'User: "Is there room?"\nCharacter: "For one."\nUser: "Thank you."\nCharacter: "Sit down."\n'
ANSWER = 'She nods at the bench. "There is always room for one more."'


@pytest.mark.parametrize("prompts", ["", "lean"])
@pytest.mark.parametrize(
    ("played", "said", "turns"), [("whole", STORY, 2), ("by_turns", ANSWER, 1)], ids=["whole", "by_turns"]
)
async def test_a_card_and_a_story_are_written_without_features(
    prompts: str, played: str, said: str, turns: int, documents: Path
) -> None:
    spec = find_pipeline("roleplay", documents)
    assert spec is not None
    pipeline = compile_pipeline(spec)
    result = await pipeline.run(
        {
            "input_dir": documents,
            "output_dir": "out",
            "prompts": spec.parents[2] / "prompts" / "roleplay" / prompts,
            "wanted_features": [],
            "emotion_from": "draw",
            "archetype_from": "draw",
            "played": played,
            "min_user_turns": turns,
            "skip_rating": True,
        },
        clients={"small": ScriptedClient([{"reply": CARD}]), "large": ScriptedClient([{"reply": said}])},
    )
    assert result.status == "done", result.message
    (story,) = result.rows("stories.jsonl")
    assert (story["character"], story["features"]) == ("Tamsin Vey", [])
    assert len(story["story"]) == 2 * turns
