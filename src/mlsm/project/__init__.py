"""A project's file, and the catalog of the models that it names."""

from mlsm.project.project import Project, find_project, load_catalog, load_project

__all__ = ["Project", "find_project", "load_catalog", "load_project"]
