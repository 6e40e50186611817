"""python -m kind up|run|test|down|images: what the Makefile's kind targets do."""

from __future__ import annotations

import argparse
import sys

from kind import cluster, images, platform
from kind.shell import run, stage
from kind.submit import address, submit

SMALL = ("data=digits", "max_trials=4", "epochs=3", "repair_epochs=3")


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m kind", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, said in (
        ("up", "make the cluster and install everything; again is nothing"),
        ("run", "submit a small run and wait"),
        ("test", "the end-to-end tests"),
    ):
        command = commands.add_parser(name, help=said)
        command.add_argument(
            "--current-context",
            action="store_true",
            help="take the cluster that kubectl talks to, with the images in it, instead of kind's",
        )
        command.add_argument("arguments", nargs="*", help="of run: name=value; of test: pytest's")
    commands.add_parser("down", help="delete the cluster")
    built = commands.add_parser("images", help="build the images and their lists of contents")
    built.add_argument("targets", nargs="*", choices=[*images.TARGETS, []], default=[])
    asked = parser.parse_args()
    if asked.command == "down":
        return cluster.down()
    if asked.command == "images":
        with stage("images"):
            images.build(asked.targets or images.TARGETS, sbom=True)
        return None
    if not asked.current_context:
        cluster.select() if asked.command != "up" else cluster.up()
    if asked.command == "up":
        platform.up()
        print(f"the pipelines' user interface: {address()}")
    elif asked.command == "run":
        submit(asked.arguments or SMALL)
    else:
        with stage("test"):
            run(sys.executable, "-m", "pytest", "tests/e2e", *asked.arguments, quiet=False)
    return None


if __name__ == "__main__":
    main()
