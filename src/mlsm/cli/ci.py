"""Write a pipeline that brings the newest drafts in, by night, for people to review.

It takes the newest commits of the branches that mlsm.toml names, checks their models,
scores a sample of leads as a trial, and opens the change of mlsm.lock for review. Nothing
becomes active by it: that is `mlsm promote`. A project below the top of its repository is
met there: what GitHub runs lies at the top, and a Jenkinsfile enters the folder.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from pathlib import Path
from string import Template

from mlsm.cli.opening import add_json, folder_of_project
from mlsm.cli.terminal import Terminal
from mlsm.errors import InputError

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm ci github --sample leads.csv\n  mlsm ci jenkins"

_GITHUB = Template("""\
# Written by `mlsm ci github`; yours to change.
name: newest drafts
on:
  schedule:
    - cron: "30 4 * * *"
  workflow_dispatch:
permissions:
  contents: write
  pull-requests: write
${defaults}jobs:
  drafts:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      # From your index of packages; what is below 1.0 on the public one is another program.
      - run: pip install "$package"
      - run: mlsm sync
      - run: mlsm lock --upgrade
      - run: mlsm check
      - run: mlsm score "$sample" --trial --store sqlite:///sample.db
      - name: Open the change for review
        env:
          GH_TOKEN: $${{ github.token }}
        run: |
          git diff --quiet -- mlsm.lock && exit 0
          git config user.name "newest drafts"
          git config user.email "drafts@users.noreply.github.com"
          git switch --force-create $branch
          git commit --message "Pin the newest drafts" -- mlsm.lock
          git push --force origin $branch
          gh pr view $branch --json state --jq .state | grep -q OPEN ||
            gh pr create --head $branch --title "Pin the newest drafts" --body "Checked, and scored on a sample."
""")
_JENKINS = Template("""\
// Written by `mlsm ci jenkins`; yours to change.
pipeline {
  agent any
  triggers { cron('30 4 * * *') }
  stages {
    // From your index of packages; what is below 1.0 on the public one is another program.
    stage('Install') { steps { sh '${cd}python3 -m venv .ci && .ci/bin/pip install "$package"' } }
    stage('Upgrade') { steps { sh '${cd}.ci/bin/mlsm sync && .ci/bin/mlsm lock --upgrade' } }
    stage('Check') { steps { sh '${cd}.ci/bin/mlsm check' } }
    stage('Score') { steps { sh '${cd}.ci/bin/mlsm score "$sample" --trial --store sqlite:///sample.db' } }
    stage('Open for review') {
      when { expression { sh(script: '${cd}git diff --quiet -- mlsm.lock', returnStatus: true) != 0 } }
      steps {
        // The push needs the credentials of this job; open the branch for review where your repositories are.
        sh '''
          ${cd}git switch --force-create $branch
          git commit --message "Pin the newest drafts" -- mlsm.lock
          git push --force origin $branch
        '''
      }
    }
  }
}
""")
_TEMPLATES = {"github": _GITHUB, "jenkins": _JENKINS}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("kind", choices=sorted(_TEMPLATES), help="which kind of pipeline")
    parser.add_argument("--sample", default="leads.csv", metavar="FILE", help="leads to score (default: leads.csv)")
    parser.add_argument("--force", action="store_true", help="write it anew where it is there")
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Write a pipeline."""
    from importlib.metadata import version

    from mlsm.project.git import inside_of

    folder = folder_of_project(args).resolve()
    below = inside_of(folder)
    for what, said in (("sample", args.sample), ("folder", below or "top")):
        if not said or any(not (c.isalnum() or c in "._-/ ") for c in said):
            raise InputError(f"The {what} {said!r} cannot stand in a pipeline.", hint="Give it a plain name.")
    mark = "".join(f"-{part}" for part in re.split(r"[^\w.-]+", below) if part)
    place = f"{'../' * len(Path(below).parts)}.github/workflows/mlsm{mark}.yml"
    name = place if args.kind == "github" else "Jenkinsfile"
    file = folder / name
    if file.exists() and not args.force:
        raise InputError(f"There is a {name} already.", hint="--force writes it anew.")
    text = _TEMPLATES[args.kind].substitute(
        sample=args.sample,
        branch=f"newest-drafts{mark}",
        package=f"mlsm[sklearn,lightgbm,xgboost,onnx]>={version('mlsm')}",
        defaults=f'defaults:\n  run:\n    working-directory: "{below}"\n' if below else "",
        cd=f'cd "{below}" && ' if below else "",
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    if terminal.json:
        terminal.document({"file": name})
    terminal.say(
        f"{name} is written: it upgrades drafts, checks, scores {args.sample}, and opens the change for review."
    )
    return 0
