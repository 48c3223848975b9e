from typing import Any


def score(text: str, scale: int) -> dict[str, Any]:
    return {"score": len(text) * scale}
