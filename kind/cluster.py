"""The stages that need kind: the tools, the cluster, and our images in it."""

from __future__ import annotations

from kind import pins
from kind.images import TARGETS, build
from kind.shell import ROOT, Failed, need, run, stage

NAME = "archmend"


def up() -> None:
    """Make the cluster, or take the one that is there, and load the images."""
    with stage("tools"):
        need("docker", "kind makes nodes of containers; see https://docs.docker.com/get-docker")
        need("git", "the manifests come from public repositories")
        need("kubectl", "see https://kubernetes.io/docs/tasks/tools")
        need("kind", f"this takes {pins.KIND}; see https://kind.sigs.k8s.io/docs/user/quick-start")
        if (version := run("kind", "--version").split()[-1]) != pins.KIND:
            raise Failed(f"kind {version} is not the {pins.KIND} whose node image is pinned in kind/pins.py")
    with stage("pins"):
        check_tags()
    with stage("cluster"):
        if NAME not in run("kind", "get", "clusters").split():
            run("kind", "create", "cluster", "--config", str(ROOT / "kind/cluster.yaml"), *_created())
        run("kind", "export", "kubeconfig", "--name", NAME)
    with stage("images"):
        build(["runtime", "suggestion"])
    with stage("load"):
        # By its digest, so that the tag in the manifests is what it was.
        repository = pins.MINIO.split(":")[0]
        run("docker", "pull", "--quiet", f"{repository}@{pins.MINIO_DIGEST}")
        run("docker", "tag", f"{repository}@{pins.MINIO_DIGEST}", pins.MINIO)
        images = [TARGETS["runtime"], TARGETS["suggestion"], pins.MINIO]
        run("kind", "load", "docker-image", "--name", NAME, *images)


def _created() -> tuple[str, ...]:
    return ("--image", pins.NODE, "--wait", "180s")


def check_tags() -> None:
    """Fail where a tag that the fetched manifests name is no longer the commit that it was."""
    for (repository, tag), commit in pins.TAGS.items():
        listed = run("git", "ls-remote", repository, f"refs/tags/{tag}", f"refs/tags/{tag}^{{}}")
        commits = {line.split()[0] for line in listed.splitlines()}
        if commit not in commits:
            raise Failed(f"{tag} of {repository} is {', '.join(commits) or 'gone'}, not {commit}")


def select() -> None:
    """Make kubectl talk to the cluster."""
    with stage("cluster"):
        need("kind", "make kind-up brings the cluster; CLUSTER=current takes another one")
        if NAME not in run("kind", "get", "clusters").split():
            raise Failed("there is none yet: make kind-up")
        run("kind", "export", "kubeconfig", "--name", NAME)


def down() -> None:
    """Delete the cluster and everything in it."""
    with stage("down"):
        need("kind", "there is nothing to delete without it")
        run("kind", "delete", "cluster", "--name", NAME)
