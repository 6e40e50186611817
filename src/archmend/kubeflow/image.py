"""The container image of every task, in one place."""

from __future__ import annotations

import os

import archmend

REPOSITORY = "ghcr.io/archmend/archmend"
IMAGE = os.environ.get("ARCHMEND_IMAGE", f"{REPOSITORY}:{archmend.__version__}")
"""Compiled into the components; the environment variable is for those who build their own."""
