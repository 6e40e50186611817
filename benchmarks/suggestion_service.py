"""The Suggestion service under a long experiment and under requests that nobody should send.

Starts `archmend serve-suggestion`, sends it what Katib's controller sends after 1,000 finished trials, asking
for 4, and then 10,000 changed requests. Beside the service's time stands that of the strategy alone, told and
asked in this process. The bars are 2 s and 256 MiB, every status a valid one, and good answers at the end.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import grpc
from tests.unit.kubeflow.suggestion.katib import (
    GET,
    VALIDATE,
    Controller,
    caller,
    check_reply,
    experiment,
    space_of,
)
from tests.unit.kubeflow.suggestion.mutation import mutated

from archmend.kubeflow.suggestion import algorithm_names, strategy_of
from archmend.kubeflow.suggestion import api_pb2 as api
from archmend.search import TrialResult, create_strategy

VALID = {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.OUT_OF_RANGE}
SECONDS, MEBIBYTES = 2.0, 256.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--ask", type=int, default=4)
    parser.add_argument("--fuzz", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    command = [sys.executable, "-m", "archmend", "serve-suggestion", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            found = re.search(r"serving on port (\d+)", process.stderr.readline())
            assert found is not None
            # The service writes a line a request; nobody else empties the pipe.
            subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
            with grpc.insecure_channel(f"localhost:{found[1]}") as channel:
                print(f"started: {mebibytes(process, 'VmRSS'):.0f} MiB resident")
                good = long_history(channel, options.trials, options.ask)
                peak = mebibytes(process, "VmHWM")
                print(f"peak after the long histories: {peak:.0f} MiB resident (bar {MEBIBYTES:.0f})")
                good += fuzz(channel, options.fuzz, options.seed)
                peak = mebibytes(process, "VmHWM")
                print(f"peak after everything: {peak:.0f} MiB resident (bar {MEBIBYTES:.0f})")
        finally:
            process.terminate()
        code = process.wait(30)
        print(f"ended with {code}")
    return 0 if all(good) and peak < MEBIBYTES and code == 0 else 1


def long_history(channel: grpc.Channel, trials: int, ask: int) -> list[bool]:
    """Time a request after many finished trials, for each algorithm that its space serves so long."""
    good = []
    katib = Controller(caller(channel), experiment("random", space="fc"))
    while len(katib.trials) < trials:
        for name in katib.ask(min(100, trials - len(katib.trials))):
            katib.end(name, accuracy=sum(name.encode()) % 89 / 89)
    for algorithm in algorithm_names():
        # The same history for each: what is measured is the answer to it, not who asked for it.
        made = experiment(algorithm.removeprefix("archmend-"), space="fc")
        request = katib.request(ask)
        request.experiment.spec.algorithm.CopyFrom(made.spec.algorithm)
        seconds = []
        for _ in range(7):
            started = time.perf_counter()
            reply = caller(channel)(request, timeout=60)
            seconds.append(time.perf_counter() - started)
            # A grid does not look at what others asked, so one of these may come again.
            assert len(reply.parameter_assignments) == ask
        alone = strategy_alone(strategy_of(algorithm), request, ask)
        median = statistics.median(seconds)
        good.append(max(seconds) < SECONDS)
        print(
            f"{algorithm}: {trials} trials, {ask} asked, {request.ByteSize() / 1024:.0f} KiB: "
            f"{median:.3f} s (worst of 7 {max(seconds):.3f}, bar {SECONDS:g}); strategy alone {alone:.3f} s, "
            f"ratio {median / alone:.1f}"
        )
    return good


def strategy_alone(name: str, request: api.GetSuggestionsRequest, ask: int) -> float:
    """Return the median seconds of telling a strategy the same trials and asking it, without a service."""
    space = space_of(request.experiment)
    history = [
        TrialResult(
            int(trial.name.rpartition("-")[2]),
            space.parse(trial.spec.parameter_assignments.assignments[0].value),
            float(trial.status.observation.metrics[0].value),
        )
        for trial in request.trials
    ]
    seconds = []
    for _ in range(7):
        started = time.perf_counter()
        strategy = create_strategy(name, space, 0)
        strategy.tell(history)
        strategy.ask(ask)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def fuzz(channel: grpc.Channel, count: int, seed: int) -> list[bool]:
    """Send changed requests, half of them about a small space's end, to both calls."""
    rng = random.Random(seed)
    ask, validate, call = channel.unary_unary(GET), channel.unary_unary(VALIDATE), caller(channel)
    requests = []
    for algorithm in algorithm_names():
        for size in (8, 96):
            katib = Controller(call, experiment(algorithm.removeprefix("archmend-"), max_trials=size + 3))
            for name in katib.ask(size)[:-2]:
                katib.end(name, rng.choice(("SUCCEEDED", "FAILED", "KILLED", "EARLYSTOPPED")), accuracy=0.5)
            requests.append(katib.request(3))
    seen: Counter[str] = Counter()
    bad, slowest, started = 0, 0.0, time.perf_counter()
    for i in range(count):
        request = rng.choice(requests)
        checks = i % 4 == 3
        message = api.ValidateAlgorithmSettingsRequest(experiment=request.experiment) if checks else request
        data = mutated(message, rng)
        began = time.perf_counter()
        status, reply = outcome(validate if checks else ask, data)
        slowest = max(slowest, time.perf_counter() - began)
        seen[status.name] += 1
        if status not in VALID:
            bad += 1
            print(f"invalid: {status.name} {reply!r}")
        elif status == grpc.StatusCode.OK and not checks:
            answer = api.GetSuggestionsReply.FromString(reply)
            check_reply(api.GetSuggestionsRequest.FromString(data), answer, own_history=False)
    for request in requests:
        check_reply(request, call(request, timeout=60))
    took = time.perf_counter() - started
    counts = ", ".join(f"{name} {n}" for name, n in seen.most_common())
    print(
        f"{count} changed requests in {took:.0f} s, slowest {slowest:.2f} s: {counts}; "
        f"{bad} invalid; good requests are answered as before"
    )
    return [bad == 0]


def outcome(call: grpc.UnaryUnaryMultiCallable, data: bytes) -> tuple[grpc.StatusCode, bytes]:
    """Return the status of a call and its reply, or its words."""
    try:
        return grpc.StatusCode.OK, call(data, timeout=60)
    except grpc.RpcError as error:
        return error.code(), error.details().encode()


def mebibytes(process: subprocess.Popen[str], field: str) -> float:
    """Return a memory figure of the process from /proc."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    found = re.search(rf"{field}:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
