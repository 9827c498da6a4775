"""The score that counts: points and affinity, or affinity alone where there are no points."""

from mlsm import summary_model


@summary_model(
    version="1.0",
    models=["points", "affinity"],
    require=["affinity"],
    range=(0, 100),
    labels=("call", "maybe", "wait"),
)
def best(points, affinity) -> dict | None:
    """Weigh points and affinity."""
    if affinity.score is None:
        return None
    score = affinity.score if points.score is None else 0.6 * points.score + 0.4 * affinity.score
    return {"score": score, "label": "call" if score >= 40 else "maybe" if score >= 20 else "wait"}
