"""Findings about steps: what their keys name and hold, joins, loops, and pipelines within pipelines."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity

__all__ = [
    "BAD_PARSE",
    "CLASHING_FIELDS",
    "CODES",
    "ENDLESS_LOOP",
    "IMPOSSIBLE_CALLS",
    "KEYS_NEVER_EQUAL",
    "PIPELINE_WITHIN_ITSELF",
    "ROWS_DO_NOT_FIT",
    "SHADOWED_PARAMETER",
    "STEP_NOT_FOR_LOOPS",
    "UNKNOWN_FIELD",
    "UNKNOWN_RESULT",
    "UNKNOWN_SLOT",
    "UNUSABLE_FUNCTION",
    "WRONG_PARAMETERS",
    "WRONG_SLOT",
    "WRONG_VALUE_TYPE",
]

SHADOWED_PARAMETER = Code(
    "ATK501",
    "shadowed-parameter",
    Severity.ERROR,
    finds="A step that writes a field under the name of a parameter or a built-in name.",
    why="A name in an expression would have two meanings.",
    bad="params: {question: …}\nsteps: {ask: {…, parse: {text: question}}}",
    good="params: {topic: …}\nsteps: {ask: {…, parse: {text: question}}}",
)
UNKNOWN_SLOT = Code(
    "ATK502",
    "unknown-slot",
    Severity.ERROR,
    finds="A step whose model slot is not among `models`.",
    why="There would be no endpoint to send its calls to.",
    bad="model: lage",
    good="model: large",
)
BAD_PARSE = Code(
    "ATK503",
    "bad-parse",
    Severity.ERROR,
    finds="A `parse` that no reply could be read with.",
    why="Every reply would be rejected, or the run would stop at the first.",
    bad="parse: {tags: []}",
    good="parse: {tags: [verdict]}",
)
WRONG_VALUE_TYPE = Code(
    "ATK504",
    "wrong-value-type",
    Severity.ERROR,
    finds="An expression whose result is not of the type that the key takes.",
    why="The run would stop when the value is needed.",
    bad='max_tokens: ="many"',
    good="max_tokens: =chunk_tokens",
)
UNKNOWN_FIELD = Code(
    "ATK505",
    "unknown-field",
    Severity.ERROR,
    finds="A key that names a field which the rows do not have at this step.",
    why="There is nothing to drop, collect or read.",
    bad="drop: [verdit]",
    good="drop: [verdict]",
)
CLASHING_FIELDS = Code(
    "ATK531",
    "clashing-fields",
    Severity.ERROR,
    finds="A join of rows that both have a field of one name, beside the key.",
    why="The joined row can hold only one of the two values.",
    bad="joined: {kind: join, from: questions, with: passages, by: passage}   # both have `text`",
    good="joined: {kind: join, from: questions, with: passages, by: passage, prefix: passage_}",
)
KEYS_NEVER_EQUAL = Code(
    "ATK532",
    "keys-never-equal",
    Severity.ERROR,
    finds="A join whose keys are of types that are never equal, or not as many on both sides.",
    why="No row would find another one.",
    bad="by: number   # text on one side, a number on the other",
    good="by: number\nwith_by: number | int",
)
PIPELINE_WITHIN_ITSELF = Code(
    "ATK533",
    "pipeline-within-itself",
    Severity.ERROR,
    finds="A pipeline that has itself as a step, or a pipeline that has it.",
    why="It would never come to an end of its steps.",
    bad="name: quiz\nsteps:\n  more: {kind: pipeline, pipeline: quiz}",
    good="steps:\n  more: {kind: pipeline, pipeline: another_quiz}",
)
WRONG_PARAMETERS = Code(
    "ATK534",
    "wrong-parameters",
    Severity.ERROR,
    finds="A `with` that does not fit the parameters of the pipeline: one too many, one too few, or a value of "
    "another type.",
    why="The run would stop before any work, or do something else than what was meant.",
    bad="facts: {kind: pipeline, pipeline: facts, with: {chunk_token: 300}}",
    good="facts: {kind: pipeline, pipeline: facts, with: {chunk_tokens: 300}}",
)
ROWS_DO_NOT_FIT = Code(
    "ATK535",
    "rows-do-not-fit",
    Severity.ERROR,
    finds="A step with another pipeline that is handed other rows than this pipeline takes, or none, or is handed "
    "rows when it takes none.",
    why="The steps of that pipeline would fail on every row, or never see one.",
    bad="facts: {kind: pipeline, from: titles, pipeline: facts}   # facts reads `text`, titles have none",
    good="facts: {kind: pipeline, from: documents, pipeline: facts}",
)
UNKNOWN_RESULT = Code(
    "ATK536",
    "unknown-result",
    Severity.ERROR,
    finds="A step with another pipeline, when it is not clear which of its rows come out: `output` names none of its "
    "outputs and steps, or is missing where there are several.",
    why="What follows would work on other rows than was meant, or on none.",
    bad="facts: {kind: pipeline, pipeline: facts, output: fact.jsonl}",
    good="facts: {kind: pipeline, pipeline: facts, output: facts.jsonl}",
)
ENDLESS_LOOP = Code(
    "ATK537",
    "endless-loop",
    Severity.ERROR,
    finds="A loop without `max_rounds` whose `until` reads nothing that its steps write.",
    why="What is false after the first round stays false, and every round is paid for.",
    bad="better: {kind: loop, until: score > 8, steps: {improved: {…, parse: {text: draft}}}}",
    good="better: {kind: loop, until: score > 8, max_rounds: 3, steps: {…}}",
)
STEP_NOT_FOR_LOOPS = Code(
    "ATK538",
    "step-not-for-loops",
    Severity.ERROR,
    finds="A step in a loop that makes several rows of one, or needs to see all rows at once.",
    why="A loop takes one row through its steps, round after round, and one row comes out.",
    bad="steps: {pieces: {kind: chunk, max_tokens: 200}}",
    good="steps: {better: {kind: generate, …}}",
)
WRONG_SLOT = Code(
    "ATK550",
    "wrong-slot",
    Severity.ERROR,
    finds="A step that asks for replies and names a slot for vectors, or the other way round.",
    why="A model that makes vectors of texts writes none, and the endpoint would refuse the first call.",
    bad="models: {e: {expects: embedding}}\nsteps: {ask: {kind: generate, model: e, …}}",
    good="models: {m: {expects: instruct}}\nsteps: {ask: {kind: generate, model: m, …}}",
)
UNUSABLE_FUNCTION = Code(
    "ATK551",
    "unusable-function",
    Severity.ERROR,
    finds="A Python function that is not there, stands outside of the folder of the spec, or takes other arguments "
    "than it is given.",
    why="The run would stop at the first row. The file is read for this, and not run.",
    bad="function: scoring.py:scor   # the file has `score`",
    good="function: scoring.py:score",
)
IMPOSSIBLE_CALLS = Code(
    "ATK570",
    "impossible-calls",
    Severity.ERROR,
    finds="An output of `calls` that can have none: its steps ask no model, or give no rows to that of `from`; their "
    "prompt cannot be written in this form; or its rows never come to the step under `reached`.",
    why="The file would be empty, or hold other calls than was meant.",
    bad="calls.jsonl: {from: passages, format: calls}   # passages is a `chunk`",
    good="calls.jsonl: {from: questions, format: calls}",
)

CODES = (
    SHADOWED_PARAMETER,
    UNKNOWN_SLOT,
    BAD_PARSE,
    WRONG_VALUE_TYPE,
    UNKNOWN_FIELD,
    CLASHING_FIELDS,
    KEYS_NEVER_EQUAL,
    PIPELINE_WITHIN_ITSELF,
    WRONG_PARAMETERS,
    ROWS_DO_NOT_FIT,
    UNKNOWN_RESULT,
    ENDLESS_LOOP,
    STEP_NOT_FOR_LOOPS,
    WRONG_SLOT,
    UNUSABLE_FUNCTION,
    IMPOSSIBLE_CALLS,
)
