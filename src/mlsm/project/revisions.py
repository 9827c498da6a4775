"""Which commit a source means by a branch, a tag or a few digits, and which commits lie between two."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path

from mlsm.errors import ProjectError
from mlsm.project.fetching import fetch_all, is_shallow, refs_of, repository_of
from mlsm.project.git import git
from mlsm.project.origin import Origin, safe_url

__all__ = ["commits_between", "resolve", "revision"]

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHORT = re.compile(r"[0-9a-f]{4,39}")
_KINDS = {"branch": "refs/heads/", "tag": "refs/tags/"}
_SURE = 7
"""Digits that name one commit alone, as git itself has it, where a branch or a tag points at it."""


def resolve(origin: Origin) -> str:
    """Ask a repository for the commit that a source wants now.

    Raises:
        ProjectError: there is no such branch or tag, or it cannot be reached.
    """
    if origin.commit is not None:
        return origin.commit
    refs = refs_of(str(origin.url))
    if origin.tag is not None:
        tag = f"refs/tags/{origin.tag}"
        found = refs.get(f"{tag}^{{}}", refs.get(tag))  # the commit behind an annotated tag
    else:
        found = refs.get("HEAD" if origin.branch is None else f"refs/heads/{origin.branch}")
    if found is not None:
        return found
    if not refs:
        raise ProjectError(f"{origin.told!r} has no commit yet.", hint="Push one, then run this again.")
    if origin.branch is None and origin.tag is None:
        raise ProjectError(
            f"{origin.told!r} does not say which of its branches is its own.",
            hint=f"Name a branch or a tag: {_named(refs)}.",
        )
    raise _unknown(origin.told, "branch" if origin.tag is None else "tag", origin.branch or str(origin.tag), refs)


def revision(url: str, text: str, home: Path) -> dict[str, str]:
    """Find out whether a revision is a branch, a tag or a commit, for `[[source]]`.

    Args:
        url: the repository.
        text: a branch or a tag, also by its whole name as `refs/tags/v1`, or a commit by 4 digits or more.
        home: the cache, into which all is fetched where a short commit asks for it.

    Raises:
        ProjectError: the repository knows no such revision; or a branch and a tag are called so, or several
            commits begin so.
    """
    digits = text.lower()
    if _COMMIT.fullmatch(digits):
        return {"commit": digits}
    refs = refs_of(url)
    if named := _names_of(url, text, refs):
        return named
    commits = _beginning(url, digits, refs, home) if _SHORT.fullmatch(digits) else []
    if len(commits) > 1:
        raise ProjectError(
            f"{safe_url(url)!r} has {len(commits)} commits that begin with {text!r}; expected one.",
            problems=commits[:5],
            hint="Give more of its digits.",
        )
    if not commits:
        raise _unknown(safe_url(url), "branch, tag or commit", text, refs)
    return {"commit": commits[0]}


def _names_of(url: str, text: str, refs: dict[str, str]) -> dict[str, str]:
    """Tell whether a branch or a tag is called so.

    Raises:
        ProjectError: both are.
    """
    for kind, beginning in _KINDS.items():
        if text in refs and text.startswith(beginning):
            return {kind: text.removeprefix(beginning)}
    found = {kind: text for kind, beginning in _KINDS.items() if f"{beginning}{text}" in refs}
    if len(found) > 1:
        raise ProjectError(
            f"{safe_url(url)!r} has a branch {text!r} and a tag of that name; expected one of them.",
            hint=f"Name it in full: {' or '.join(f'{beginning}{text}' for beginning in _KINDS.values())}.",
        )
    return found


def _beginning(url: str, digits: str, refs: dict[str, str], home: Path) -> list[str]:
    """List the commits that begin with some digits; all are fetched unless a branch or a tag tells."""
    peeled = {name.removesuffix("^{}") for name in refs if name.endswith("^{}")}  # these are tags, not commits
    pointed = {commit for name, commit in refs.items() if name not in peeled and commit.startswith(digits)}
    if len(pointed) == 1 and len(digits) >= _SURE:
        return [*pointed]
    with repository_of(url, home) as repository:
        fetch_all(url, repository)
        told = git("rev-list", "--all", cwd=repository)
    return sorted(commit for commit in told.splitlines() if commit.startswith(digits))


def commits_between(origin: Origin, first: str, second: str, home: Path) -> list[str] | None:
    """Give the commits from one to another, newest first; None where that cannot be told."""
    url = str(origin.url)
    try:
        with repository_of(url, home) as repository:
            if is_shallow(repository):
                fetch_all(url, repository)
            return git("log", "--format=%h %s", f"{first}..{second}", cwd=repository).splitlines()
    except (ProjectError, OSError):
        return None


def _unknown(told: str, kind: str, wanted: str, refs: dict[str, str]) -> ProjectError:
    near = get_close_matches(wanted, _names(refs), n=3)
    hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"There is {_named(refs)}."
    return ProjectError(f"{told!r} has no {kind} {wanted!r}.", hint=hint)


def _named(refs: dict[str, str]) -> str:
    return ", ".join(_names(refs)[:12]) or "none"


def _names(refs: dict[str, str]) -> list[str]:
    return sorted({re.sub(r"^refs/(heads|tags)/|\^\{\}$", "", ref) for ref in refs if ref.startswith("refs/")})
