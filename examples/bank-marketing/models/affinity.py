"""A logistic curve over the season and the calls so far, a whole frame at once."""

from typing import Annotated, Literal

import polars as pl

from mlsm import Meta, model

Month = Literal["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
FIELDS = {"campaign": Annotated[int, Meta(ge=1)], "pdays": int, "month": Month, "contact": str | None}
GOOD_MONTHS = ["mar", "sep", "oct", "dec"]


@model(version="1.0", batch=True, fields=FIELDS, range=(0, 100))
def affinity(clients: pl.DataFrame) -> pl.Series:
    """Estimate the affinity in percent; pdays is -1 where nobody called before."""
    contact = pl.col("contact")
    z = (
        -2.2
        + pl.when(pl.col("month").is_in(GOOD_MONTHS)).then(1.2).otherwise(0.0)
        - 0.08 * pl.col("campaign").clip(upper_bound=10)
        + pl.when(pl.col("pdays") >= 0).then(0.9).otherwise(0.0)
        + pl.when(contact == "cellular").then(0.3).when(contact.is_null()).then(-0.6).otherwise(0.0)
    )
    return clients.select(score=100 / (1 + (-z).exp())).to_series()
