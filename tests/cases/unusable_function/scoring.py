def score(text, scale):
    return {"score": len(text) * scale}
