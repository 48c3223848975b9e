"""The codes of the shape of specs and configs."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity

__all__ = ["CODES"]


def _error(id_: str, name: str, finds: str, why: str, bad: str, good: str, *, fixable: bool = False) -> Code:
    return Code(id_, name, Severity.ERROR, finds, why, bad, good, fixable)


UNKNOWN_KEY = _error(
    "ATK201",
    "unknown-key",
    "A key that has no meaning where it stands.",
    "A misspelt option would be ignored in silence, and the default used instead.",
    "max_token: 500",
    "max_tokens: 500",
)
MISSING_KEY = _error(
    "ATK202",
    "missing-key",
    "A key that is required and not given.",
    "There is no sensible default for it.",
    "kind: chunk",
    "kind: chunk\nmax_tokens: 500",
)
WRONG_TYPE = _error(
    "ATK203",
    "wrong-type",
    "A value of another type than the key takes.",
    "YAML guesses types from spelling: `no` is a truth value and `1.0` a number, unless quoted.",
    "max_tokens: many",
    "max_tokens: 500",
    fixable=True,
)
OUT_OF_RANGE = _error(
    "ATK204",
    "out-of-range",
    "A number outside the range that makes sense, or a list that is too short or too long.",
    "The step could not do what it is for.",
    "attempts: 0",
    "attempts: 3",
)
NOT_A_CHOICE = _error(
    "ATK205",
    "not-a-choice",
    "A value that is none of the allowed ones.",
    "The choices are all there is.",
    "format: sharegtp",
    "format: sharegpt",
)
KEYS_AT_ODDS = _error(
    "ATK220",
    "keys-at-odds",
    "Two keys of which only one may be given.",
    "They say the same thing in two ways, and only one of them could hold.",
    'text: "{{ text }}"\nmessages: [{user: "{{ text }}"}]',
    'text: "{{ text }}"',
)
UNKNOWN_KIND = _error(
    "ATK206",
    "unknown-kind",
    "A step whose kind does not exist.",
    "Nothing can be checked or run for it.",
    "kind: generat",
    "kind: generate",
)
BAD_NAME = _error(
    "ATK207",
    "bad-name",
    "A name that cannot be used in an expression, or that is taken by the language.",
    "Names of steps, parameters and fields are written in expressions and templates.",
    "steps:\n  my step: {kind: rows}",
    "steps:\n  my_step: {kind: rows}",
)
BAD_VALUE = _error(
    "ATK208",
    "bad-value",
    "A value of the right type that makes no sense here.",
    "Nothing could fulfil it.",
    "size: {type: int, min: 9, max: 3}",
    "size: {type: int, min: 3, max: 9}",
)
NOT_A_MAPPING = _error(
    "ATK209",
    "not-a-mapping",
    "A spec or config that is not a mapping of keys to values.",
    "A spec is `spec:`, `name:`, `steps:`, `outputs:` and their like.",
    "- kind: read",
    "spec: atk/v1\nsteps: …",
)
UNSUPPORTED_VERSION = _error(
    "ATK210",
    "unsupported-version",
    "A spec for another version of the language.",
    "Its keys may mean something else.",
    "spec: atk/v9",
    "spec: atk/v1",
)
KEY_IN_FILE = Code(
    "ATK801",
    "key-in-file",
    Severity.ERROR,
    finds="An API key written in a file.",
    why="Files are committed, shared and logged; keys are read from the environment only.",
    bad="api_key: sk-…",
    good="api_key_env: OPENAI_API_KEY",
    hides=True,
)
UNKNOWN_FALLBACK = _error(
    "ATK213",
    "unknown-fallback",
    "A `fallback` of a model in a config that is no entry of `models`.",
    "Nobody would answer when the endpoint is away, and the run would stop as if there were no fallback.",
    "large: {model: qwen3-32b, fallback: smal}",
    "large: {model: qwen3-32b, fallback: small}",
)
CIRCULAR_FALLBACK = _error(
    "ATK214",
    "circular-fallback",
    "A model whose `fallback`, or that one's, is the model itself.",
    "When all of them are away there is no one left, so the last of them has no fallback.",
    "small: {fallback: large}\nlarge: {fallback: small}",
    "small: {fallback: large}\nlarge: {}",
)
ADDRESS_TWICE = _error(
    "ATK215",
    "address-twice",
    "An address that `base_url` lists twice.",
    "Each address of a list has the limits for itself: this one would get twice as many calls as meant.",
    "base_url: [http://gpu1:8000/v1, http://gpu1:8000/v1]",
    "base_url: [http://gpu1:8000/v1, http://gpu2:8000/v1]",
)
UNKNOWN_SETTING = Code(
    "ATK701",
    "unknown-setting",
    Severity.NOTICE,
    finds="A key of a config that the pipeline does not know.",
    why="Old configs keep working; but a misspelt key would leave the default in force.",
    bad="chunk_token: 500",
    good="chunk_tokens: 500",
)
SETTING_TWICE = Code(
    "ATK702",
    "setting-twice",
    Severity.ERROR,
    finds="A parameter that is given in two sections of a config.",
    why="Sections are for the reader only, so it is not clear which value is meant.",
    bad="a: {seed: 1}\nb: {seed: 2}",
    good="a: {seed: 1}",
)
MISSING_PARAMETER = Code(
    "ATK703",
    "missing-parameter",
    Severity.ERROR,
    finds="A required parameter without a value.",
    why="It has no default because none would make sense.",
    bad="pipeline: factual_qa",
    good="pipeline: factual_qa\ninput_dir: documents\noutput_dir: output",
)
BAD_PARAMETER = Code(
    "ATK704",
    "bad-parameter",
    Severity.ERROR,
    finds="A value that a parameter does not take.",
    why="The pipeline was written for another type or range.",
    bad="chunk_tokens: few",
    good="chunk_tokens: 300",
)
UNMET_REQUIREMENT = Code(
    "ATK714",
    "unmet-requirement",
    Severity.ERROR,
    finds="Values of parameters that do not go together, or that the pipeline cannot work with.",
    why="The pipeline says under `requires` what must hold; a run would end with this before anything is asked.",
    bad="rubric: {clear: {min: 5, max: 1}}",
    good="rubric: {clear: {min: 1, max: 5}}",
)
UNKNOWN_PIPELINE = Code(
    "ATK705",
    "unknown-pipeline",
    Severity.ERROR,
    finds="A config whose pipeline cannot be found.",
    why="There is nothing to run.",
    bad="pipeline: factual_aq",
    good="pipeline: factual_qa",
)
UNKNOWN_SLOT_SETTING = Code(
    "ATK706",
    "unknown-model-slot",
    Severity.NOTICE,
    finds="A model in a config that the pipeline has no slot for.",
    why="Its settings have no effect.",
    bad="models: {lage: {model: x}}",
    good="models: {large: {model: x}}",
)
MISSING_FOLDER = Code(
    "ATK707",
    "missing-folder",
    Severity.ERROR,
    finds="A folder of prompts, named in a config or at a step that uses a pipeline, that does not exist.",
    why="Prompts would fall back to the default ones in silence.",
    bad="prompts: [my_promts]",
    good="prompts: [my_prompts]",
)

CODES = (
    UNKNOWN_KEY,
    MISSING_KEY,
    WRONG_TYPE,
    OUT_OF_RANGE,
    NOT_A_CHOICE,
    KEYS_AT_ODDS,
    UNKNOWN_KIND,
    BAD_NAME,
    BAD_VALUE,
    NOT_A_MAPPING,
    UNSUPPORTED_VERSION,
    UNKNOWN_SETTING,
    SETTING_TWICE,
    MISSING_PARAMETER,
    BAD_PARAMETER,
    UNMET_REQUIREMENT,
    UNKNOWN_PIPELINE,
    UNKNOWN_SLOT_SETTING,
    MISSING_FOLDER,
    KEY_IN_FILE,
    UNKNOWN_FALLBACK,
    CIRCULAR_FALLBACK,
    ADDRESS_TWICE,
)
