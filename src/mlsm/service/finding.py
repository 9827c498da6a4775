"""One record of an input, found by its id."""

from __future__ import annotations

from typing import Any

from mlsm.errors import UnknownNameError
from mlsm.service.ids import read_ids
from mlsm.service.request import Job

__all__ = ["find_record"]


def find_record(job: Job, record_id: str) -> dict[str, Any]:
    """Give the first record of a job's inputs that has an id, as it was read.

    Args:
        job: names the inputs and the column of ids.
        record_id: the id, byte for byte.

    Raises:
        InputError: an input cannot be read.
        UnknownNameError: no record has this id.
    """
    for reader in job.inputs:
        for part in reader.parts(job.part_rows):
            ids, _ = read_ids(part, job.id_column)
            for row in (ids == record_id).arg_true().to_list():
                return {name: column[row] for name, column in part.columns.items()}
    sources = ", ".join(repr(reader.source) for reader in job.inputs)
    raise UnknownNameError(
        f"No record {record_id!r} in {sources}; expected one of its ids.",
        hint="Ids are kept byte for byte: '007' is not '7'. Name the column of ids with --id COLUMN.",
    )
