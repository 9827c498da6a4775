"""What looks for mistakes in an isolated model never calls it in its own process."""

from __future__ import annotations

import mlsm
from mlsm.service import check


@mlsm.model(version="1", fields={"tags": list[str]}, isolation="process")
def tagged(tags: list[str]) -> float:
    tags.sort()
    return float(len(tags))


def test_lists_are_handed_over_as_copies() -> None:
    """What it does to them is no finding, since nobody else sees it."""
    assert [] == check([tagged])
    assert ["inputs"] == [finding.check for finding in check([tagged.with_isolation("inline")])]
