"""What `make kind-up` brings, by content: commits, digests and versions in one place."""

from __future__ import annotations

KIND = "0.30.0"
NODE = "kindest/node:v1.34.0@sha256:7416a61b42b1662ca6ca89f02028ac133a309a2a30ba309614e8ec94d976dc5a"
MINIO = "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z"
MINIO_DIGEST = "sha256:14cea493d9a34af32f524e538b8346cf79f3321eff8e708c1e2960462bd8936e"

# What the overlay's manifests name by their commit, and the release that it is.
COMMITS = {
    "https://github.com/kubeflow/pipelines": ("2.17.0", "4a3592cb2dd0a91a4652ab93893ec8beda1f3158"),
    "https://github.com/kubeflow/katib": ("v0.19.0", "578e60f1ce83dbb5e7151026a3bdc4de233947fc"),
}
# What those name by a tag in their turn, which can be moved: the commits that it was.
TAGS = {
    ("https://github.com/argoproj/argo-workflows", "v4.0.5"): "0ab1452144d8f4d57c50b37ce50dad218868e950",
}

REGISTRY = "ghcr.io/archmend"
