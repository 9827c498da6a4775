"""One way to score leads in memory, in a process of its own: `python _memory_way.py WAY COUNT on|off`.

Prints the seconds taken with Python's garbage collection on, as it is by default, or off.
Runs in the environment of this version as well as in one that holds mlsm 0.0.4.
"""

import gc
import sys
import time

from _leads import best, budget, fit, leads, recency


def nothing_kept(records):
    """Call the functions and keep nothing."""
    for lead in records:
        one = fit(lead["employees"], lead["country"], lead["title"])
        two = recency(lead["days"], lead["visits"])
        three = budget(lead["revenue"], lead["source"])
        best(one, two, three)


def dict_of_scores(records):
    """Keep one dict a lead: a score by model."""
    kept = {}
    for lead in records:
        one = fit(lead["employees"], lead["country"], lead["title"])
        two = recency(lead["days"], lead["visits"])
        three = budget(lead["revenue"], lead["source"])
        kept[lead["id"]] = {"fit": one, "recency": two, "budget": three, "best": best(one, two, three)}
    return kept


def dict_of_dicts(records):
    """Keep a dict of dicts a lead: a result by model."""
    kept = {}
    for lead in records:
        one = fit(lead["employees"], lead["country"], lead["title"])
        two = recency(lead["days"], lead["visits"])
        three = budget(lead["revenue"], lead["source"])
        kept[lead["id"]] = {
            "fit": {"score": one},
            "recency": {"score": two},
            "budget": {"score": three},
            "best": {"score": best(one, two, three)},
        }
    return kept


def this_version(_records):
    """Make the models of this version; give what scores records with them."""
    import mlsm

    annotations = {
        fit: {"employees": int, "country": str, "title": str | None},
        recency: {"days": int, "visits": int},
        budget: {"revenue": float, "source": str},
    }
    models = [
        mlsm.model(version="1", status="active", fields=fields)(function) for function, fields in annotations.items()
    ]

    @mlsm.summary_model(name="best", version="1", status="active", models=["fit", "recency", "budget"])
    def blend(fit, recency, budget):
        return best(fit.score, recency.score, budget.score)

    catalog = mlsm.Catalog([*models, blend])
    mlsm.score(catalog, leads(10))
    return lambda records: mlsm.score(catalog, records)


def original_style(records):
    """Give models and records as mlsm 0.0.4 takes them, and its function."""
    from mlsm import Model, RunModelsAll, SummaryModel

    fields = {
        fit: {"employees": int, "country": str, "title": str},
        recency: {"days": int, "visits": int},
        budget: {"revenue": float, "source": str},
    }
    models = [Model(function.__name__, fields[function], "1", of_data(function)) for function in fields]
    summary = SummaryModel("best", [{"name": model.name, "version": "1"} for model in models], "1", of_results)
    taken = [
        {
            "id": lead["id"],
            "data": {
                **{model.name: {"1": {name: lead[name] for name in model.fields}} for model in models},
                "best": {"1": {}},
            },
        }
        for lead in records
    ]
    return lambda _: RunModelsAll(models, taken, [summary])


def of_data(function):
    """Make a function of `data` and `results` of one of its fields."""

    def called(data, results):  # noqa: ARG001 - the original's call
        return {"score": function(**data)}

    return called


def of_results(data, results):  # noqa: ARG001 - the original's call
    """Blend the scores of the three models."""
    return {"score": best(*(results[name]["1"]["score"] for name in ("fit", "recency", "budget")))}


def main(way, count, collection):
    """Score once and print the seconds."""
    records = leads(count)
    bare = {"nothing kept": nothing_kept, "dict of scores": dict_of_scores, "dict of dicts": dict_of_dicts}
    made = {"this version": this_version, "mlsm 0.0.4": original_style}
    score = bare[way] if way in bare else made[way](records)
    gc.collect()
    if collection == "off":
        gc.disable()
    begin = time.perf_counter()
    kept = score(records)
    taken = time.perf_counter() - begin
    assert kept is None or len(kept) >= count
    print(taken)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
