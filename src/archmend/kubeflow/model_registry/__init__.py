"""Tells a Kubeflow Model Registry of a version in ours, which stays the one that holds the files."""

from archmend.kubeflow.model_registry.publishing import ModelRegistry

__all__ = ["ModelRegistry"]
