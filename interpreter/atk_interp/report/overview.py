"""What ran, how it ended, what it cost, and what people should know of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from atk_interp.report.html import Content, Html, excerpt, prose, tag
from atk_interp.report.values import count, duration, labelled, number, told, usd

__all__ = ["about", "checks", "head", "notices"]

_WORDS = {
    "done": "done",
    "stopped": "stopped",
    "impossible": "refused",
    "failed": "failed",
    "unavailable": "to be gone on with",
    "interrupted": "interrupted",
}
_MOST_NOTICES = 60


def head(record: Mapping[str, Any]) -> Html:
    """The top of the page: the pipeline, the end of its run, and the figures that matter."""
    status = str(record["status"])
    part = f" It was {record['part']}, not a whole run." if record.get("part") else ""
    when = f"Begun {_moment(record['started'])}, took {duration(record['seconds'])}.{part}"
    return tag(
        "header",
        tag("h1", str(record["pipeline"]), " ", tag("span", _WORDS.get(status, status), cls=f"badge {_tone(status)}")),
        tag("p", when, cls="quiet"),
        tag("p", prose(_sentence(record["message"])), cls="message") if record["message"] else None,
        tag("p", prose(_sentence(record["help"])), cls="quiet") if record.get("help") and record["message"] else None,
        tag("div", *_figures(record), cls="tiles"),
        tag("p", "Read your data before you train on it.", cls="advice"),
    )


def _tone(status: str) -> str:
    return {"done": "good", "interrupted": "mild", "unavailable": "mild"}.get(status, "bad")


def _moment(written: str) -> str:
    return written.replace("T", " ").replace("+00:00", " UTC")


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:]


def _figures(record: Mapping[str, Any]) -> Iterator[Html]:
    yield _tile(number(sum(output["rows"] for output in record["outputs"])), "rows written")
    lost = sum(step["rejected"] for step in record["steps"])
    yield _tile(number(lost), "rows rejected")
    spending = record.get("spending") or {}
    paid, saved = spending.get("paid"), spending.get("from_ledger")
    if paid is not None and saved is not None and (paid["calls"] or saved["calls"]):
        yield _tile(number(paid["calls"]), "calls paid")
        yield _tile(number(saved["calls"]), "replies from the ledger")
        yield _tile(number(paid["input_tokens"] + paid["output_tokens"]), "tokens paid")
        if paid["usd"] is not None:
            yield _tile(usd(paid["usd"]), "USD paid")


def _tile(figure: str, what: str) -> Html:
    return tag("div", tag("strong", figure), tag("span", what))


def checks(record: Mapping[str, Any]) -> Html | None:
    """How the checks of the spec came out."""
    made = record.get("checks") or []
    if not made:
        return None
    tones = {"passed": "good", "failed": "bad"}
    rows = [
        tag(
            "li",
            tag("span", check["outcome"], cls=f"badge {tones.get(check['outcome'], 'mild')}"),
            " ",
            tag("strong", check["label"]) if check["label"] != check["check"] else None,
            " ",
            tag("code", check["check"]),
            tag("div", prose(check["reason"] or _saw(check["saw"])), cls="quiet"),
        )
        for check in made
    ]
    return tag("section", tag("h2", "Checks"), tag("ul", *rows, cls="checks"), id="checks")


def _saw(counts: Mapping[str, float]) -> str:
    return ", ".join(f"`{name}` is {number(seen)}" for name, seen in counts.items())


def notices(record: Mapping[str, Any]) -> Html | None:
    """What was told while it ran, each cause once; rejections have a place of their own."""
    causes = [cause for cause in record.get("causes") or [] if cause["kind"] != "Rejected"]
    if not causes:
        return None
    items = [_notice(cause) for cause in causes[:_MOST_NOTICES]]
    beyond = len(causes) - len(items)
    more = tag("li", f"{count(beyond, 'more cause')} in events.jsonl") if beyond else None
    return tag("section", tag("h2", "Notices"), tag("ul", *items, more, cls="notices"), id="notices")


def _notice(cause: Mapping[str, Any]) -> Html:
    times = f" ({cause['count']:,} times)" if cause["count"] > 1 else ""
    where: list[Content] = [tag("code", cause["step"]), ": "] if cause["step"] else []
    first = f" First: {cause['first']}." if cause["first"] else ""
    help_ = f" {_sentence(cause['help'])}." if cause["help"] else ""
    return tag(
        "li", *where, prose(excerpt(cause["message"], 1_000)), times, tag("span", prose(first + help_), cls="quiet"),
        cls="serious" if cause["serious"] else "",
    )  # fmt: skip


def about(record: Mapping[str, Any]) -> Html:
    """Models, parameters and hashes: what it takes to make the same again."""
    params = {name: told(given) for name, given in record["params"].items()}
    prompts = {path: tag("code", str(hash_)[:16]) for path, hash_ in record["prompts"].items()}
    run: dict[str, Content] = {
        "spec": str(record["spec"]),
        "seed": number(record["seed"]),
        "atk-interp": str(record["atk_interp"]),
    }
    return tag(
        "section",
        tag("h2", "What ran"),
        _models(record),
        tag("h3", "Parameters") if params else None,
        labelled(params) if params else None,
        tag("h3", "Spec and prompts"),
        labelled({**run, **prompts}),
        id="about",
    )


def _models(record: Mapping[str, Any]) -> Html | None:
    if not record["models"]:
        return None
    spent = (record.get("spending") or {}).get("models") or {}
    words = ("slot", "model", "answered as", "where")
    figures = ("calls paid", "tokens in", "tokens out", "USD", "from the ledger")
    heads = [*(tag("th", name) for name in words), *(tag("th", name, cls="n") for name in figures)]
    rows = [_model(slot, model, spent.get(model["model"], {})) for slot, model in record["models"].items()]
    return tag(
        "div",
        tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows)),
        cls="wide",
    )


def _model(slot: str, model: Mapping[str, Any], spent: Mapping[str, Any]) -> Html:
    paid, saved = spent.get("paid") or {}, spent.get("from_ledger") or {}
    base = model["base_url"]
    where = ", ".join(base) if isinstance(base, list) else base or model["provider"]
    spent_usd = paid.get("usd")
    figures = (paid.get("calls", 0), paid.get("input_tokens", 0), paid.get("output_tokens", 0))
    return tag(
        "tr",
        tag("td", slot),
        tag("td", model["model"]),
        tag("td", ", ".join(model["answered_as"])),
        tag("td", where),
        *(tag("td", number(figure), cls="n") for figure in figures),
        tag("td", "" if spent_usd is None else usd(spent_usd), cls="n"),
        tag("td", number(saved.get("calls", 0)), cls="n"),
    )
