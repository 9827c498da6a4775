"""The files for a nightly job can be read by what they are for, and promise what the guide says."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

DEPLOY = Path(__file__).parents[2] / "examples" / "deploy"
LEADS = "id,employees\n1,10\n2,20\n"
MODEL = "from mlsm import model\n\n@model(version='1', status='active')\ndef fit(employees: int):\n    return 1.0\n"


def units(name: str) -> configparser.ConfigParser:
    """Read a unit of systemd: an INI file, except that a key may come twice."""
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as its documentation says
    parser.read(DEPLOY / name, encoding="utf-8")
    return parser


def cron_job() -> dict[str, Any]:
    documents = list(yaml.safe_load_all((DEPLOY / "cronjob.yaml").read_text(encoding="utf-8")))
    assert [document["kind"] for document in documents] == ["PersistentVolumeClaim", "CronJob"]
    found: dict[str, Any] = documents[1]["spec"]
    return found


def test_the_cron_job_runs_under_any_user_with_a_read_only_root() -> None:
    """No user id is asked for, the root is not written, and what is written has a volume."""
    pod = cron_job()["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert "runAsUser" not in pod["securityContext"] | container["securityContext"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/data", "/tmp"}  # noqa: S108
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    home = {one["name"]: one.get("value") for one in container["env"]}["MLSM_HOME"]
    assert home.startswith("/data/")


def test_what_another_try_cannot_mend_is_not_tried_again() -> None:
    """Mistakes and degraded models end the job; a killed pod is tried again, with --resume."""
    job = cron_job()["jobTemplate"]["spec"]
    (rule,) = job["podFailurePolicy"]["rules"]
    (container,) = job["template"]["spec"]["containers"]
    assert (rule["action"], rule["onExitCodes"]["values"]) == ("FailJob", [1, 2, 4])
    assert rule["onExitCodes"]["containerName"] == container["name"]
    assert job["template"]["spec"]["restartPolicy"] == "Never"  # a failure policy asks for it
    assert "--resume" in container["args"]
    assert units("mlsm-nightly.service")["Service"]["RestartPreventExitStatus"] == "1 2 4"


def test_what_is_tried_again_comes_to_an_end_that_is_told() -> None:
    """Starts are counted over longer than they take, or a run that is killed each time would alert nobody."""
    unit, service = units("mlsm-nightly.service")["Unit"], units("mlsm-nightly.service")["Service"]
    hours = {name: int(value.removesuffix("h")) for name, value in ({**unit, **service}).items() if value[-1:] == "h"}
    assert hours["StartLimitIntervalSec"] > int(unit["StartLimitBurst"]) * hours["TimeoutStartSec"]
    assert "OnFailure" in unit


def test_a_process_that_is_killed_for_memory_does_not_end_the_run() -> None:
    """By systemd's default the death of a model's process would stop all of the service."""
    assert "continue" == units("mlsm-nightly.service")["Service"]["OOMPolicy"]


def test_the_container_has_this_program_and_not_the_original() -> None:
    """The public index has another program by this name: a wheel is brought along, and an older version refused."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    (wanted,) = re.findall(r'^ARG MLSM="(.*)"$', text, re.MULTILINE)
    assert "0.0.4" not in Requirement(wanted).specifier
    assert version("mlsm") in Requirement(wanted).specifier
    assert "--find-links /wheels" in text


def test_the_timer_starts_the_service() -> None:
    """Timer and service have one name, and a night without power is made up for."""
    timer, service = units("mlsm-nightly.timer"), units("mlsm-nightly.service")
    assert timer["Timer"]["OnCalendar"].endswith("UTC")
    assert timer["Timer"]["Persistent"] == "yes"
    assert timer["Install"]["WantedBy"] == "timers.target"
    assert service["Service"]["Type"] == "oneshot"
    assert "--resume" in service["Service"]["ExecStart"].split()


def test_the_container_has_no_fixed_user_and_no_password() -> None:
    """Files belong to group 0, of which any user id of OpenShift is; the store's URL comes from outside."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    instructions = re.findall(r"^([A-Z]+) ", text, re.MULTILINE)
    assert instructions[0] == "FROM"
    assert {"USER", "ENTRYPOINT", "CMD"} <= {*instructions}
    assert re.search(r"^USER \d+:0$", text, re.MULTILINE)
    assert "MLSM_STORE_URL" not in text


@pytest.mark.parametrize("log", ["-", None])
def test_nothing_is_written_but_where_it_is_said(tmp_path: Path, log: str | None) -> None:
    """A run leaves the project's folder as it was: it writes to the store, --out and MLSM_HOME."""
    project, data = tmp_path / "project", tmp_path / "data"
    (project / "models").mkdir(parents=True)
    data.mkdir()
    (project / "mlsm.toml").write_text('project.name = "acme"\nrecord.id = "id"\n', encoding="utf-8")
    (project / "models" / "fit_of_the_night.py").write_text(MODEL, encoding="utf-8")
    (data / "leads.csv").write_text(LEADS, encoding="utf-8")
    for path in [project / "models", project]:
        path.chmod(0o555)
    before = sorted(project.rglob("*"))
    environ = {
        "PATH": os.environ["PATH"],
        "MLSM_HOME": str(data / "home"),
        "HOME": "/nonexistent",
        "MLSM_STORE_URL": f"sqlite:///{data}/mlsm.db",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    logged = ["--log", log] if log else []
    command = ["score", str(data / "leads.csv"), "--resume", "--json", "--out", str(data / "out.parquet"), *logged]

    done = subprocess.run(
        [sys.executable, "-m", "mlsm", *command], cwd=project, env=environ, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr if log is None else "") == (0, done.stderr if log is None else "")
    assert sorted(project.rglob("*")) == before
    assert {"leads.csv", "mlsm.db", "out.parquet"} <= {path.name for path in data.iterdir()}
    assert ((data / "home" / "logs").is_dir()) is (log is None)
