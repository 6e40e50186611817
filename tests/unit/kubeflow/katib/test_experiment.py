"""The Experiment that is made of a search: what Katib is told, and what is refused before it hears of it."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
from tests.unit.kubeflow.katib.plans import RUN, plan

from archmend.errors import BadInput
from archmend.kubeflow.katib.algorithms import read_algorithm
from archmend.kubeflow.katib.experiment import MOST_TRIALS, build_experiment
from archmend.kubeflow.katib.names import Identity, experiment_name, label_value
from archmend.kubeflow.katib.options import KatibOptions, parse_node_selector, parse_tolerations
from archmend.kubeflow.suggestion import api_pb2 as messages
from archmend.kubeflow.suggestion.checking import check
from archmend.kubeflow.suggestion.experiment import Search, read_experiment
from archmend.search import Budget
from archmend.testing.katib.controller import filled


def spec(*args: Any, **other: Any) -> dict[str, Any]:
    return dict(build_experiment(plan(*args, **other)).to_dict()["spec"])


def pod(**pods: Any) -> dict[str, Any]:
    return dict(_job(**pods)["spec"]["template"]["spec"])


def _job(**pods: Any) -> dict[str, Any]:
    return dict(spec(pods=pods)["trialTemplate"]["trialSpec"])


def test_our_own_algorithm_gets_the_space_and_two_parameters() -> None:
    made = spec("random", budget={"params": 5000, "target": 0.9}, trials=7)
    assert made["algorithm"]["algorithmName"] == "archmend-random"
    settings = {s["name"]: s["value"] for s in made["algorithm"]["algorithmSettings"]}
    assert settings == {
        "space": "seed-fc",
        "input_shape": "64",
        "classes": "10",
        "seed": "0",
        "objectives": "accuracy",
        "epochs": "3",
        "max_params": "5000",
    }
    assert [p["name"] for p in made["parameters"]] == ["architecture", "epochs"]
    assert made["parameters"][1]["feasibleSpace"] == {"min": "3", "max": "3"}
    assert (made["maxTrialCount"], made["parallelTrialCount"]) == (7, 2)
    objective = made["objective"]
    assert (objective["type"], objective["objectiveMetricName"], objective["goal"]) == (
        "maximize",
        "accuracy",
        0.9,
    )


def test_a_strategy_that_chooses_the_epochs_gets_a_range_of_them() -> None:
    made = spec("asha:max_epochs=9", fidelities=(1, 3, 9), budget={"target": 0.9}, trials=None)
    settings = {s["name"]: s["value"] for s in made["algorithm"]["algorithmSettings"]}
    assert (settings["max_epochs"], settings["epochs"]) == ("9", "9")
    assert made["parameters"][1]["feasibleSpace"] == {"min": "1", "max": "9"}
    assert "--continue" in _job_of(made)["command"]
    # Katib would end with any trial that reaches it, however few its epochs.
    assert made["objective"].get("goal") is None
    # Each architecture may be a trial on each rung.
    assert made["maxTrialCount"] == 300


def test_a_strategy_that_waits_is_refused() -> None:
    with pytest.raises(BadInput, match="strategy 'hyperband' waits for running trials"):
        read_algorithm("hyperband:max_epochs=9")
    read_algorithm("katib-hyperband")


def _job_of(made: dict[str, Any]) -> dict[str, Any]:
    (container,) = made["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]["containers"]
    return dict(container)


def test_a_metric_that_may_be_missing_is_not_asked_for() -> None:
    """Katib shows what is named and not printed as unavailable."""
    assert "latency_ms" not in spec()["objective"]["additionalMetricNames"]
    asked = spec(objectives=("loss", "latency_ms"))["objective"]
    assert (asked["type"], asked["objectiveMetricName"]) == ("minimize", "loss")
    assert "latency_ms" in asked["additionalMetricNames"]


@pytest.mark.parametrize(
    ("strategy", "space", "trials", "most"),
    [
        ("random", "seed-fc", None, 100),
        ("random", "seed-fc", 20, 20),
        ("random", "conv-open", None, MOST_TRIALS),
        ("katib-random", "seed-fc", None, MOST_TRIALS),
        # Katib refuses a grid with more trials than it has points.
        ("katib-grid", "seed-fc", None, 100),
        ("katib-grid", "seed-fc", 12, 12),
    ],
)
def test_no_more_trials_than_there_are(strategy: str, space: str, trials: int | None, most: int) -> None:
    assert spec(strategy, space, trials=trials)["maxTrialCount"] == most


@pytest.mark.parametrize(
    ("strategy", "space", "sentence"),
    [
        *(
            (f"katib-{name}", "conv-open", "no flat list of parameters: .*take a finite space")
            for name in ("random", "tpe", "grid", "cmaes", "bayesianoptimization", "hyperband", "sobol")
        ),
        (
            "katib-grid",
            "fc",
            r"product of all choices in memory, .*'fc' is [0-9,]+ .*our own --strategy grid",
        ),
        ("katib-grid", "conv", "product of all choices in memory"),
        ("katib-cmaes", "conv", "at least two parameters that are whole numbers in a row, .* has 1"),
    ],
)
def test_an_unsuitable_pair_is_refused_with_the_reason(strategy: str, space: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        build_experiment(plan(strategy, space))


@pytest.mark.parametrize(
    "strategy", ["katib-random", "katib-tpe", "katib-cmaes", "katib-sobol", "katib-grid"]
)
def test_suitable_pairs_are_let_through(strategy: str) -> None:
    made = spec(strategy, "seed-fc")
    assert [p["name"] for p in made["parameters"]] == ["depth", "width"]
    assert {p["parameterType"] for p in made["parameters"]} == {"int"}


@pytest.mark.parametrize("name", ["enas", "darts"])
def test_katibs_own_nas_is_explained(name: str) -> None:
    with pytest.raises(BadInput, match=f"Katib's {name} trains one large network that holds all others"):
        read_algorithm(f"katib-{name}")


def test_names_and_settings_of_katibs_algorithms() -> None:
    found = read_algorithm("katib-tpe:n_startup_trials=5,seed=1")
    assert (found.name, dict(found.settings), found.ours) == (
        "tpe",
        {"n_startup_trials": "5", "seed": "1"},
        False,
    )
    with pytest.raises(BadInput, match="unknown algorithm of Katib 'tpf': did you mean 'tpe'"):
        read_algorithm("katib-tpf")
    with pytest.raises(BadInput, match="'seed' in --strategy 'katib-tpe:seed' is no setting"):
        read_algorithm("katib-tpe:seed")


@pytest.mark.parametrize(
    ("strategy", "epochs", "parallel", "needed"),
    [
        ("katib-hyperband", 10, 2, 9),
        ("katib-hyperband:eta=2", 8, 4, 8),
        ("katib-hyperband", 3, 2, 3),
        ("katib-hyperband:r_l=27,eta=3", 1, 26, 27),
    ],
)
def test_hyperband_needs_its_first_rung_at_once(
    strategy: str, epochs: int, parallel: int, needed: int
) -> None:
    """Katib itself says it only after the Experiment was made."""
    with pytest.raises(BadInput, match=f"runs {needed} trials at once, and {parallel} are allowed"):
        build_experiment(plan(strategy, trials=100, epochs=epochs, pods={"parallel": parallel}))
    made = spec(strategy, trials=100, epochs=epochs, pods={"parallel": needed})
    assert made["parameters"][-1]["name"] == "epochs"


def test_hyperbands_settings_are_numbers() -> None:
    with pytest.raises(BadInput, match="eta of Katib's hyperband must be a number from 2 on, got '1'"):
        build_experiment(plan("katib-hyperband:eta=1"))
    with pytest.raises(BadInput, match="r_l of Katib's hyperband must be a number from 1 on, got 'many'"):
        build_experiment(plan("katib-hyperband:r_l=many"))


@pytest.mark.parametrize("strategy", ["random", "katib-tpe", "katib-hyperband"])
@pytest.mark.parametrize("space", ["seed-fc", "fc", "conv"])
def test_a_trials_command_is_one_shell_line_that_means_itself(strategy: str, space: str) -> None:
    """Katib joins the words with blanks and hands the line to a shell."""
    template = spec(strategy, space, pods={"parallel": 3}, deadline=1e9, epochs=3)["trialTemplate"]
    container = template["trialSpec"]["spec"]["template"]["spec"]["containers"][0]
    references = [p["reference"] for p in template["trialParameters"]]
    values = dict.fromkeys(references, "1e-05")
    words = filled(template, container, values, "archmend-1-7")
    assert shlex.split(" ".join(words)) == list(words)
    assert words[:2] == ("archmend", "trial")
    assert "--name=archmend-1-7" in words
    assert "--deadline=1000000000" in words
    assert not any("$" in word for word in words)
    used = set(re.findall(r"trialParameters\.(\w+)", " ".join(container["command"])))
    assert used == {p["name"] for p in template["trialParameters"]}


@pytest.mark.parametrize("data", ["minio://b/my data", "minio://b/it's", "minio://b/$(id)", 's3://b/"x"'])
def test_what_a_shell_would_change_is_refused(data: str) -> None:
    with pytest.raises(BadInput, match="cannot stand in a trial's command"):
        build_experiment(plan(data=data))


def test_a_trial_passes_the_restricted_standard() -> None:
    made = pod()
    (container,) = made["containers"]
    assert made["securityContext"]["runAsNonRoot"] is True
    assert made["securityContext"]["runAsUser"] > 0
    assert made["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert made["automountServiceAccountToken"] is False
    assert made["volumes"] == [
        {"name": "tmp", "emptyDir": {}},
        {"name": "ca", "configMap": {"name": "archmend-ca", "optional": True}},
    ]
    assert container["volumeMounts"] == [
        {"name": "tmp", "mountPath": "/tmp"},
        {"name": "ca", "mountPath": "/etc/archmend/ca", "readOnly": True},
    ]


def test_place_and_resources_come_from_the_options() -> None:
    made = pod(
        image="registry/archmend@sha256:0",
        cpu="500m",
        memory="1Gi",
        accelerators=2,
        accelerator="nvidia.com/mig-1g.5gb",
        node_selector={"pool": "gpu"},
        tolerations=parse_tolerations("nvidia.com/gpu:NoSchedule"),
        priority_class="low",
        runtime_class="nvidia",
        service_account="trials",
    )
    (container,) = made["containers"]
    limits = {"cpu": "500m", "memory": "1Gi", "nvidia.com/mig-1g.5gb": "2"}
    assert container["resources"] == {"requests": limits, "limits": limits}
    assert container["image"] == "registry/archmend@sha256:0"
    assert container["command"][-1] == "--require-gpu"
    assert made["nodeSelector"] == {"pool": "gpu"}
    assert made["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    names = ("priorityClassName", "runtimeClassName", "serviceAccountName")
    assert [made[name] for name in names] == ["low", "nvidia", "trials"]


def test_what_was_not_asked_for_is_not_there() -> None:
    made = pod()
    absent = {"nodeSelector", "tolerations", "priorityClassName", "runtimeClassName", "serviceAccountName"}
    assert not absent & made.keys()
    assert "--require-gpu" not in made["containers"][0]["command"]
    assert set(made["containers"][0]["resources"]["limits"]) == {"cpu", "memory"}


def test_keys_are_named_and_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MINIO_ACCESS_KEY", "MINIO_SECRET_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"):
        monkeypatch.setenv(name, "0123456789abcdef0123456789abcdef")
    text = build_experiment(plan(pods={"secret": "store-keys"})).to_json()
    assert "0123456789abcdef0123456789abcdef" not in text
    keys = {
        e["name"]: e["valueFrom"]["secretKeyRef"]
        for e in pod(secret="store-keys")["containers"][0]["env"]
        if "secretKeyRef" in e.get("valueFrom", {})
    }
    assert keys == {
        "MINIO_ACCESS_KEY": {"name": "store-keys", "key": "accesskey", "optional": True},
        "MINIO_SECRET_KEY": {"name": "store-keys", "key": "secretkey", "optional": True},
        "MINIO_SESSION_TOKEN": {"name": "store-keys", "key": "sessiontoken", "optional": True},
    }


def test_a_lost_pod_is_made_again_and_a_useless_one_is_not() -> None:
    job = _job()["spec"]
    ignore, fail = job["podFailurePolicy"]["rules"]
    assert (ignore["action"], ignore["onPodConditions"][0]["type"]) == ("Ignore", "DisruptionTarget")
    assert (fail["action"], fail["onExitCodes"]["values"]) == ("FailJob", [2, 3, 137])
    assert job["template"]["spec"]["restartPolicy"] == "Never", "a pod failure policy needs it"
    assert job["backoffLimit"] == 2
    assert job["ttlSecondsAfterFinished"] == 600
    assert "ttlSecondsAfterFinished" not in _job(retain=True)["spec"]


def test_a_name_belongs_to_a_run_and_a_task() -> None:
    one = experiment_name(Identity(RUN))
    assert one == experiment_name(Identity(RUN, user="somebody else"))
    assert len({one, experiment_name(Identity("other")), experiment_name(Identity(RUN, "other"))}) == 3
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", one)
    assert len(one) <= 40


@pytest.mark.parametrize(
    ("text", "value"),
    [("ann", "ann"), ("Ann Müller <a@b>", "Ann-M-ller-a-b"), ("x" * 80, "x" * 63), ("--", ""), ("ü", "")],
)
def test_a_label_takes_any_text(text: str, value: str) -> None:
    assert label_value(text) == value


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"parallel": 0}, "--workers must be at least 1, got 0"),
        ({"accelerators": -1}, "--trial-gpus must be at least 0, got -1"),
        ({"cpu": "two"}, "--trial-cpu must be a quantity such as 1, 500m or 2Gi, got 'two'"),
        ({"memory": "2GB"}, "--trial-memory must be a quantity such as 1, 500m or 2Gi, got '2GB'"),
        ({"accelerator": "a b"}, "--accelerator must be a resource name like nvidia.com/gpu, got 'a b'"),
        ({"store": "/tmp/x"}, "--store must be an s3:// or minio:// URI .*, got '/tmp/x'"),
        ({"store": "file:///x"}, "--store must be an s3:// or minio:// URI"),
    ],
)
def test_options_are_checked_by_themselves(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        KatibOptions(**wrong)


def test_selectors_and_tolerations_are_read_in_both_ways() -> None:
    assert parse_node_selector("a=b, c.io/d=e") == {"a": "b", "c.io/d": "e"}
    assert parse_node_selector('{"a": "b"}') == {"a": "b"}
    assert parse_node_selector("") == {}
    assert parse_tolerations("") == ()
    assert parse_tolerations("gpu=yes:NoExecute,spot") == (
        {"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoExecute"},
        {"key": "spot", "operator": "Exists"},
    )
    assert parse_tolerations('[{"operator": "Exists"}]') == ({"operator": "Exists"},)


@pytest.mark.parametrize(
    ("parse", "text", "sentence"),
    [
        (parse_node_selector, "gpu", "--node-selector 'gpu' is no label; write key=value"),
        (parse_node_selector, '{"a": 1}', "--node-selector must have texts as values"),
        (parse_node_selector, "{", "--node-selector is no JSON"),
        (parse_tolerations, "gpu:Never", "--tolerations 'gpu:Never' is none; write key=value:Effect"),
        (parse_tolerations, "[1]", "--tolerations must be a list of objects"),
        (parse_tolerations, "[", "--tolerations is no JSON"),
    ],
)
def test_wrong_selectors_and_tolerations(parse: Any, text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=re.escape(sentence)):
        parse(text)


def test_no_more_trials_than_fit_the_limits() -> None:
    """Our service refuses an Experiment of more, where a local search ends with the space."""
    made = plan(trials=100, budget={"params": 1000})
    assert 0 < made.trials < 100
    assert made.exhausts
    assert build_experiment(made).spec.max_trial_count == made.trials
    assert not plan(trials=made.trials, budget={"params": 1000}).exhausts, "the budget ends it as well"
    assert plan(trials=None).exhausts
    assert not plan(space="fc", trials=None).exhausts
    check(
        Search(
            **{f: getattr(made, f) for f in ("space", "seed", "objectives")},
            experiment="a",
            strategy="random",
            budget=Budget(trials=made.trials, params=1000),
            own={},
            parameters=(),
            epochs=3,
            epochs_allowed=range(1, 4),
            asked="",
        )
    )


def test_several_architectures_a_pod_are_one_trial_of_katibs() -> None:
    alone, made = spec(trials=50), spec(trials=50, pods={"trials_per_pod": 16}, objectives=("accuracy",))
    settings = {s["name"]: s["value"] for s in made["algorithm"]["algorithmSettings"]}
    assert (settings["trials_per_pod"], settings["max_trials"]) == ("16", "50")
    assert (made["maxTrialCount"], made["parallelTrialCount"], made["maxFailedTrialCount"]) == (4, 2, 4)
    added = [f"accuracy-{i}" for i in range(16)]
    assert made["objective"]["additionalMetricNames"] == [
        *alone["objective"]["additionalMetricNames"],
        *added,
    ]
    assert {s["name"]: s["value"] for s in made["objective"]["metricStrategies"]}["accuracy-15"] == "latest"
    for name in ("parameters", "metricsCollectorSpec", "resumePolicy"):
        assert made[name] == alone[name]
    few = spec(trials=10, pods={"trials_per_pod": 16, "parallel": 4})
    assert (few["maxTrialCount"], few["parallelTrialCount"]) == (1, 1)


def test_one_architecture_a_pod_is_what_it_was() -> None:
    assert spec(pods={"trials_per_pod": 1}) == spec()
    assert "trials_per_pod" not in str(spec())
    assert plan().digest == plan(pods={"trials_per_pod": 1}).digest != plan(pods={"trials_per_pod": 2}).digest


def test_each_of_several_objectives_is_collected_for_each_architecture() -> None:
    made = spec(objectives=("loss", "params"), pods={"trials_per_pod": 2})["objective"]
    assert made["additionalMetricNames"][-4:] == ["loss-0", "loss-1", "params-0", "params-1"]


def test_the_last_pod_is_said_only_where_it_is_smaller() -> None:
    """Katib can change its own count while the Experiment runs, and never a setting."""
    names = {
        s["name"] for s in spec(trials=48, pods={"trials_per_pod": 16})["algorithm"]["algorithmSettings"]
    }
    assert "max_trials" not in names
    assert (
        plan(trials=48, pods={"trials_per_pod": 16}).digest
        == plan(trials=50, pods={"trials_per_pod": 16}).digest
    )


def test_how_a_pod_trains_several_stands_in_its_command() -> None:
    made = _job_of(spec(pods={"trials_per_pod": 4}, together={"population": 4, "max-memory": 2 << 30}))
    assert made["command"][-2:] == ["--population=4", "--max-memory=2147483648"]
    assert _job_of(spec(together={"no-fuse": True}))["command"][-1] == "--no-fuse"
    values = {"architecture": "1-1,,9-10@3,2-2", "epochs": "9", "trial": "e-3"}
    template = spec(pods={"trials_per_pod": 4})["trialTemplate"]
    words = filled(template, made, values, "e-3")
    assert shlex.split(" ".join(words)) == list(words)
    assert "--architecture=1-1,,9-10@3,2-2" in words


@pytest.mark.parametrize("trials", [8, 50, 1000])
def test_our_service_takes_the_experiment_that_we_make(trials: int) -> None:
    made = spec("surrogate", trials=trials, pods={"trials_per_pod": 8}, objectives=("accuracy", "params"))
    sent = messages.Experiment(name="archmend-1")
    sent.spec.algorithm.algorithm_name = made["algorithm"]["algorithmName"]
    for setting in made["algorithm"]["algorithmSettings"]:
        sent.spec.algorithm.algorithm_settings.add(**setting)
    sent.spec.objective.type = messages.MAXIMIZE
    sent.spec.objective.objective_metric_name = made["objective"]["objectiveMetricName"]
    sent.spec.objective.additional_metric_names.extend(made["objective"]["additionalMetricNames"])
    for parameter, kind in zip(made["parameters"], (messages.CATEGORICAL, messages.INT), strict=True):
        declared = sent.spec.parameter_specs.parameters.add(name=parameter["name"], parameter_type=kind)
        declared.feasible_space.min = parameter["feasibleSpace"].get("min", "")
        declared.feasible_space.max = parameter["feasibleSpace"].get("max", "")
    sent.spec.max_trial_count = made["maxTrialCount"]
    search = read_experiment(sent)
    check(search)
    # The space has 100.
    assert (search.trials_per_pod, search.budget.trials) == (8, min(trials, 100))


@pytest.mark.parametrize("number", [0, -1, 65])
def test_trials_per_pod_has_bounds(number: int) -> None:
    with pytest.raises(BadInput, match=f"--trials-per-pod must be 1 to 64, got {number}"):
        KatibOptions(trials_per_pod=number)
    assert KatibOptions(trials_per_pod=64).flags() == {"trials_per_pod": 64}
