"""Keys and passwords get into no file that is written, wherever they stood."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.importing import Import, Wishes, import_into
from atk_interp.importing.secrets import doubtful, hidden, is_credential
from atk_interp.lint.check import check_file
from support.foreign_checkout import write_files

LONG = "sk-proj-" + "ABCDEF1234" * 3
STRIPE = "sk_live_" + "Ab12" * 5
SHORT = "my-live-" + "77d0aa"

PYTHON = f"""
API_KEY = "{SHORT}"

ask = PipelineStep(
    prompt_path="ask", result_key="{STRIPE}",
    sampling_params={{
        "temperature": 0.1, "api_key": "{SHORT}", "token": "t0", "password": "pass1", "stop": ["{LONG}"],
        "extra_headers": {{"Authorization": "Bearer {SHORT}", "X-Api-Key": "{SHORT}"}}, "min_p": 0.1,
        "extra_body": {{"stop_token": "<end>", "secret": "x9"}},
    }},
    output_processor=lambda text: check(text, api_key="abc1", headers={{"Authorization": "Bearer pass2"}}),
    regex="Bearer {LONG}",
)
again = PipelineStep(prompt_path="{LONG}", sampling_params={{"max_tokens": LIMIT, "password": "pass3"}})
"""


def imported(tmp_path: Path, files: dict[str, str]) -> Import:
    return import_into(write_files(tmp_path / "mine", files), tmp_path / "ours", Wishes())


def everything(done: Import) -> str:
    texts = [path.read_text(encoding="utf-8") for path in sorted(done.output.rglob("*")) if path.is_file()]
    return "\n".join([*texts, *(note.told for note in done.notes)])


def test_no_key_of_the_python_gets_into_a_draft(tmp_path: Path) -> None:
    done = imported(tmp_path, {"p.py": PYTHON, "prompts/ask.yaml": f"- role: user\n  content: '{{text}} {SHORT}'\n"})
    text = everything(done)
    for secret in (LONG, LONG.replace("-", "_"), STRIPE, SHORT, "t0", "pass1", "pass2", "pass3", "abc1", "x9"):
        assert secret not in text
    draft = (done.output / "pipeline.yaml").read_text(encoding="utf-8")
    assert 'extra: {min_p: 0.1, extra_body: {stop_token: "<end>"}}' in draft
    assert (
        "`api_key` and `token` and `password` and `Authorization` and `X-Api-Key` and `secret` of the sampling" in text
    )
    errors = [found.code.id for found in check_file(done.output / "pipeline.yaml").report.everything if found.is_error]
    assert errors == ["ATK401"]  # of the step whose prompt is named by a key


@pytest.mark.parametrize(
    "content",
    [
        f'"Send this:\\nAuthorization: Bearer {LONG}\\n{{text}}"',
        f'"\\u0001 {{text}}\\n{LONG}\\nand"',
        "'https://admin:pa55word@host.example/v1 {text}'",
        "'api_key: 0123456789abcdef0123 {text}'",
    ],
)
def test_a_key_in_a_prompt_is_concealed_and_told_with_its_line(tmp_path: Path, content: str) -> None:
    files = {"prompts/ask.yaml": f"- role: system\n  content: Hi\n- role: user\n  content: {content}\n"}
    done = imported(tmp_path, files)
    text = everything(done)
    assert LONG not in text
    assert "pa55word" not in text
    assert "0123456789abcdef0123" not in text
    assert "…" in (done.output / "prompts/ask.yaml").read_text(encoding="utf-8")
    assert "`…` is in its place" in "".join(note.told for note in done.notes if note.line == 4)


def test_a_key_in_a_text_for_completion_is_concealed(tmp_path: Path) -> None:
    done = imported(tmp_path, {"prompts/ask.txt": f"A\n{LONG} {{text}}\n", "a.yaml": "- role: user\n  content: a\n"})
    assert (done.output / "prompts/ask.txt").read_text(encoding="utf-8") == "A\n… {{ text }}\n\n"
    assert [note.line for note in done.notes if "`…`" in note.told] == [2]


def test_words_about_keys_are_no_keys() -> None:
    for text in (
        "Write the password: swordfish", "Authorization: Bearer {token}", "api_key_env: OPENAI_API_KEY_2024_FIRST",
        "https://{user}:{password}@host/", "the token: <|endoftext|>", "A bearer of good news from 1999",
    ):  # fmt: skip
        assert hidden(text) == text
    assert is_credential("X-Api-Key")
    assert is_credential("hf_token")
    assert not any(map(is_credential, ("max_tokens", "stop_token", "result_key", "key", "author", "secretary")))


HEX, MIXED = "0123fdfa4567cd94" * 4, "aB0cD3eF6gH9iJ2kL5mN" * 2


def test_what_may_be_a_password_is_left_and_told_with_its_line(tmp_path: Path) -> None:
    content = f"|\n    Log in, {{text}}.\n    The password is hunter2.\n    Or send {HEX}\n"
    files = {"p.py": f"x = 1\ny = '{MIXED}'\n", "prompts/ask.yaml": f"- role: user\n  content: {content}"}
    done = imported(tmp_path, files)
    prompt = (done.output / "prompts/ask.yaml").read_text(encoding="utf-8")
    assert "hunter2" in prompt
    assert HEX in prompt
    told = "this may be a key or a password, and is left as it stands; take it out if it is one"
    found = [note.place for note in done.notes if note.told == told]
    assert found == ["p.py:2", "prompts/ask.yaml:4", "prompts/ask.yaml:5"]
    assert not [note for note in done.notes if "hunter2" in note.told or HEX in note.told]


@pytest.mark.parametrize(
    "text",
    [
        "The password is short.",
        "password: {password1}",
        "meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo-Long-Name-2024",
        "https://example.org/blob/0123456789abcdef0123456789abcdef01234567/a",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "aVeryLongNameInCamelCaseThatSaysWhatItIs2",
        f"api_key: {HEX}",
        LONG,
    ],
)
def test_what_is_no_password_or_is_known_to_be_one_is_not_doubtful(text: str) -> None:
    assert doubtful(text) == []


def test_a_private_key_is_concealed_to_its_end() -> None:
    body = "\n".join(["    " + "Ab1+" * 16] * 3)
    key = f"-----BEGIN PRIVATE KEY-----\n{body}\n    Zz9=\n    -----END PRIVATE KEY-----"
    assert hidden(f"a\n{key}\nb") == "a\n…\nb"


def test_the_name_of_a_variable_in_place_of_a_key_is_no_key(tmp_path: Path) -> None:
    config = (
        "pipeline: factual-gen-indiv-pipeline\npath: {input_dir: a, output_dir: '!!PLACEHOLDER!!/x'}\n"
        "api: {large_model: m, large_api_key: OPENAI_API_KEY, small_api_key: '!!PLACEHOLDER!!'}\n"
    )
    done = imported(tmp_path, {"a.yaml": config})
    text = (done.output / "a.yaml").read_text(encoding="utf-8")
    assert "api_key_env: OPENAI_API_KEY" in text
    assert "!!PLACEHOLDER!!/x" in text
