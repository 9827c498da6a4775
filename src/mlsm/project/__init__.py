"""A project's file, and the catalog of the models that it names."""

from mlsm.project.artefacts import declare_artefact, kind_of
from mlsm.project.own import Broken
from mlsm.project.project import Project, find_project, load_catalog, load_project

__all__ = ["Broken", "Project", "declare_artefact", "find_project", "kind_of", "load_catalog", "load_project"]
