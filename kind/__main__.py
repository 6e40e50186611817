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
    parser = _parser()
    asked, more = parser.parse_known_args()
    if more and asked.command != "test":  # pytest has options of its own
        parser.error(f"unknown: {' '.join(more)}")
    if asked.command == "down":
        cluster.down()
    elif asked.command == "images":
        with stage("images"):
            images.build(asked.targets or images.TARGETS, sbom=True)
    elif asked.command == "up":
        if not asked.current_context:
            cluster.up()
        platform.up()
        print(f"the pipelines' user interface: {address()}")
    else:
        if not asked.current_context:
            cluster.select()
        if asked.command == "run":
            submit(asked.arguments or SMALL)
        else:
            with stage("test"):
                run(sys.executable, "-m", "pytest", "tests/e2e", *asked.arguments, *more, quiet=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kind", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="make the cluster and install everything; again is nothing")
    submitted = commands.add_parser("run", help="submit a small run and wait")
    submitted.add_argument("arguments", nargs="*", metavar="name=value", help="run parameters")
    tested = commands.add_parser("test", help="the end-to-end tests")
    tested.add_argument("arguments", nargs="*", metavar="PYTEST", help="arguments of pytest")
    for command in (up, submitted, tested):
        command.add_argument(
            "--current-context",
            action="store_true",
            help="take the cluster that kubectl talks to, with the images in it, instead of kind's",
        )
    commands.add_parser("down", help="delete the cluster")
    built = commands.add_parser("images", help="build the images and their lists of contents")
    built.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(images.TARGETS)}")
    return parser


if __name__ == "__main__":
    main()
