"""Write a pipeline that brings the newest drafts in, by night, for people to review.

It takes the newest commits of the branches that mlsm.toml names, checks their models,
scores a sample of leads as a trial, and opens the change of mlsm.lock for review. Nothing
becomes active by it: that is `mlsm promote`.
"""

from __future__ import annotations

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
jobs:
  drafts:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install "mlsm[sklearn,lightgbm,xgboost,onnx]"
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
          git switch --force-create newest-drafts
          git commit --message "Pin the newest drafts" -- mlsm.lock
          git push --force origin newest-drafts
          gh pr view newest-drafts --json state --jq .state | grep -q OPEN ||
            gh pr create --head newest-drafts --title "Pin the newest drafts" --body "Checked, and scored on a sample."
""")
_JENKINS = Template("""\
// Written by `mlsm ci jenkins`; yours to change.
pipeline {
  agent any
  triggers { cron('30 4 * * *') }
  stages {
    stage('Install') { steps { sh 'python3 -m venv .ci && .ci/bin/pip install "mlsm[sklearn,lightgbm,xgboost,onnx]"' } }
    stage('Upgrade') { steps { sh '.ci/bin/mlsm sync && .ci/bin/mlsm lock --upgrade' } }
    stage('Check') { steps { sh '.ci/bin/mlsm check' } }
    stage('Score') { steps { sh '.ci/bin/mlsm score "$sample" --trial --store sqlite:///sample.db' } }
    stage('Open for review') {
      when { expression { sh(script: 'git diff --quiet -- mlsm.lock', returnStatus: true) != 0 } }
      steps {
        // The push needs the credentials of this job; open the branch for review where your repositories are.
        sh '''
          git switch --force-create newest-drafts
          git commit --message "Pin the newest drafts" -- mlsm.lock
          git push --force origin newest-drafts
        '''
      }
    }
  }
}
""")
_FILES = {"github": (".github/workflows/mlsm.yml", _GITHUB), "jenkins": ("Jenkinsfile", _JENKINS)}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("kind", choices=sorted(_FILES), help="which kind of pipeline")
    parser.add_argument("--sample", default="leads.csv", metavar="FILE", help="leads to score (default: leads.csv)")
    parser.add_argument("--force", action="store_true", help="write it anew where it is there")
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Write a pipeline."""
    if not args.sample or any(not (c.isalnum() or c in "._-/ ") for c in args.sample):
        raise InputError(f"The sample {args.sample!r} cannot stand in a pipeline.", hint="Name a file: leads.csv.")
    folder = folder_of_project(args)
    name, template = _FILES[args.kind]
    file = folder / Path(name)
    if file.exists() and not args.force:
        raise InputError(f"There is a {name} already.", hint="--force writes it anew.")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(template.substitute(sample=args.sample), encoding="utf-8")
    if terminal.json:
        terminal.document({"file": name})
    terminal.say(
        f"{name} is written: it upgrades drafts, checks, scores {args.sample}, and opens the change for review."
    )
    return 0
