"""The digest of a model's file or folder."""

from __future__ import annotations

from pathlib import Path

from mlsm._digest import digest_of_files


def test_golden_records_change_no_digest(tmp_path: Path) -> None:
    """Golden records in a model's folder say what it must answer, and do not make it another model."""
    (tmp_path / "model.bin").write_bytes(b"weights")
    before = digest_of_files(tmp_path)
    (tmp_path / "golden.ndjson").write_text("{}\n")
    assert before == digest_of_files(tmp_path)


def test_every_other_file_of_a_folder_counts(tmp_path: Path) -> None:
    """A file more, a file of golden records further down included, is another model."""
    (tmp_path / "model.bin").write_bytes(b"weights")
    (tmp_path / "data").mkdir()
    before = digest_of_files(tmp_path)
    (tmp_path / "data" / "golden.ndjson").write_text("{}\n")
    assert before != digest_of_files(tmp_path)
