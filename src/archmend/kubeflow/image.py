"""The container images, in one place."""

from __future__ import annotations

import os

import archmend

REPOSITORY = "ghcr.io/archmend/archmend"
IMAGE = os.environ.get("ARCHMEND_IMAGE", f"{REPOSITORY}:{archmend.__version__}")
"""Compiled into the components; the environment variable is for those who build their own."""

SUGGESTION_IMAGE = os.environ.get(
    "ARCHMEND_SUGGESTION_IMAGE", f"ghcr.io/archmend/suggestion:{archmend.__version__}"
)
"""What serves our strategies to Katib; without TensorFlow."""
