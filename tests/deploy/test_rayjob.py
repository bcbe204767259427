"""deploy/kuberay-rayjob.yaml keeps to KubeRay's API, as its reference (1.6) describes it, and to the schemas of Kubernetes."""

from __future__ import annotations

from typing import Any

import jsonschema
import kubernetes_validate
import pytest

from .recipe_files import documents

VOLUME, JOB = documents("kuberay-rayjob.yaml")
SPEC = JOB["spec"]["rayClusterSpec"]
GROUPS = [SPEC["headGroupSpec"], *SPEC["workerGroupSpecs"]]
CONTAINERS = [container for group in GROUPS for container in group["template"]["spec"]["containers"]]


def fields(required: str, **kinds: Any) -> dict[str, Any]:
    """A schema of an object with these fields and no others."""
    return {"type": "object", "required": required.split(), "properties": kinds, "additionalProperties": False}


TEXT, WHOLE, FLAG, ANY = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "boolean"}, {"type": "object"}
TEXTS = {"type": "object", "additionalProperties": TEXT}
HEAD = fields("rayStartParams template", rayStartParams=TEXTS, template=ANY, serviceType=TEXT)
WORKERS = fields(
    "groupName minReplicas maxReplicas rayStartParams template",
    groupName=TEXT, replicas=WHOLE, minReplicas=WHOLE, maxReplicas=WHOLE, rayStartParams=TEXTS, template=ANY,
)  # fmt: skip
SCALING = fields("", idleTimeoutSeconds=WHOLE, upscalingMode={"enum": ["Conservative", "Default", "Aggressive"]})
CLUSTER = fields(
    "headGroupSpec",
    rayVersion=TEXT, authOptions=fields("mode", mode={"enum": ["token"]}), enableInTreeAutoscaling=FLAG,
    autoscalerOptions=SCALING, headGroupSpec=HEAD, workerGroupSpecs={"type": "array", "items": WORKERS},
)  # fmt: skip
RAY_JOB = fields(
    "apiVersion kind metadata spec",
    apiVersion={"const": "ray.io/v1"}, kind={"const": "RayJob"}, metadata=fields("name", name=TEXT),
    spec=fields(
        "entrypoint rayClusterSpec",
        entrypoint=TEXT, shutdownAfterJobFinishes=FLAG, ttlSecondsAfterFinished=WHOLE, backoffLimit=WHOLE, rayClusterSpec=CLUSTER,
    ),
)  # fmt: skip
"""The part of the API that the recipe uses. KubeRay's own schema is several megabytes and in no package."""


def complaints(job: dict[str, Any]) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(RAY_JOB).iter_errors(job)]


def test_the_job_has_no_field_that_kuberay_does_not_know() -> None:
    assert complaints(JOB) == []
    (said,) = complaints({**JOB, "spec": {**JOB["spec"], "backofLimit": 2}})
    assert "'backofLimit' was unexpected" in said


@pytest.mark.parametrize("group", GROUPS, ids=["head", "workers"])
def test_pods_keep_to_the_schema_of_kubernetes(group: dict[str, Any]) -> None:
    pod = {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "pod"}, "template": group["template"]}
    newest = kubernetes_validate.latest_version()
    assert kubernetes_validate.validate(pod, newest, strict=True) == newest.rpartition(".")[0]
    pod["template"] = {**group["template"], "specs": {}}
    with pytest.raises(kubernetes_validate.ValidationError, match="'specs' was unexpected"):
        kubernetes_validate.validate(pod, newest, strict=True)


def test_the_volume_is_one_that_all_pods_write_to() -> None:
    kubernetes_validate.validate(VOLUME, kubernetes_validate.latest_version(), strict=True)
    assert VOLUME["spec"]["accessModes"] == ["ReadWriteMany"]
    for group in GROUPS:
        pod = group["template"]["spec"]
        mounted = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
        (claim,) = [volume for volume in pod["volumes"] if "persistentVolumeClaim" in volume]
        assert claim["persistentVolumeClaim"]["claimName"] == VOLUME["metadata"]["name"]
        assert JOB["spec"]["entrypoint"].split()[3].startswith(mounted[claim["name"]] + "/")
        assert {volume["name"] for volume in pod["volumes"]} == set(mounted)


def test_what_is_asked_of_the_autoscaler_is_what_the_workers_may_become() -> None:
    (workers,) = SPEC["workerGroupSpecs"]
    asked = {variable["name"]: int(variable["value"]) for variable in CONTAINERS[0]["env"]}
    gpus = int(CONTAINERS[1]["resources"]["limits"]["nvidia.com/gpu"])
    assert asked == {"NODES": 1 + workers["minReplicas"], "ASK_GPUS": workers["maxReplicas"] * gpus}
    assert workers["rayStartParams"]["num-cpus"] == CONTAINERS[1]["resources"]["requests"]["cpu"]


def test_no_container_runs_as_root() -> None:
    assert all(group["template"]["spec"]["securityContext"]["runAsNonRoot"] for group in GROUPS)
    assert all(container["securityContext"]["allowPrivilegeEscalation"] is False for container in CONTAINERS)
