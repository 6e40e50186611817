"""Our entries in katib-config: nothing of the others' is touched, and twice is once."""

from __future__ import annotations

import pytest
import yaml

from archmend.errors import BadInput
from archmend.kubeflow.katib_config import entry, start_settings, with_entries

KATIB = """\
apiVersion: config.kubeflow.org/v1beta1
kind: KatibConfig
init:
  controller:
    webhookPort: 8443
runtime:
  metricsCollectors:
    - kind: StdOut
      image: collector:1
  suggestions:
    - algorithmName: random
      image: hyperopt:1
    - algorithmName: archmend-gone
      image: ours:0
    - algorithmName: tpe
      image: hyperopt:1
"""
ENTRIES = [entry("archmend-random", "ours:1"), entry("archmend-grid", "ours:1", memory="1Gi")]


def _names(text: str) -> list[str]:
    return [each["algorithmName"] for each in yaml.safe_load(text)["runtime"]["suggestions"]]


def test_ours_are_added_and_only_ours_are_replaced() -> None:
    written = with_entries(KATIB, ENTRIES, inject=False)

    assert _names(written) == ["random", "tpe", "archmend-random", "archmend-grid"]
    before, after = yaml.safe_load(KATIB), yaml.safe_load(written)
    for config in (before, after):
        config["runtime"].pop("suggestions")
    assert after == before


def test_twice_is_once() -> None:
    written = with_entries(KATIB, ENTRIES, inject=True)

    assert with_entries(written, ENTRIES, inject=True) is written
    assert "&id" not in written, "aliases are for no reader"


def test_a_new_image_replaces_the_old_one() -> None:
    written = with_entries(KATIB, ENTRIES, inject=False)
    newer = with_entries(written, [entry("archmend-random", "ours:2")], inject=False)

    assert _names(newer) == ["random", "tpe", "archmend-random"]
    assert "ours:2" in newer
    assert "ours:1" not in newer


def test_taken_out_again() -> None:
    written = with_entries(KATIB, ENTRIES, inject=False)

    assert _names(with_entries(written, [], inject=False)) == ["random", "tpe"]


def test_the_collectors_context_is_switched_on_and_never_off() -> None:
    on = with_entries(KATIB, ENTRIES, inject=True)

    assert start_settings(on) != start_settings(KATIB)
    assert start_settings(on)["controller"] == {"webhookPort": 8443, "injectSecurityContext": True}
    assert start_settings(with_entries(on, [], inject=False)) == start_settings(on)


def test_a_configuration_without_suggestions() -> None:
    assert _names(with_entries("kind: KatibConfig\n", ENTRIES, inject=False)) == [
        "archmend-random",
        "archmend-grid",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [("a: [", "no YAML at line"), ("", "holds 'NoneType'"), ("kind: Other", "holds 'Other'")],
)
def test_another_text_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        with_entries(text, ENTRIES, inject=False)


def test_the_container_meets_the_restricted_standard() -> None:
    context = ENTRIES[0]["securityContext"]

    assert context["readOnlyRootFilesystem"]
    assert context["runAsNonRoot"]
    assert not context["allowPrivilegeEscalation"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert ENTRIES[1]["resources"]["limits"]["memory"] == "1Gi"
