"""Runs on Kubeflow Pipelines: upload a pipeline, start it and follow it, start it by the clock.

with connected("http://localhost:8888") as server:
    run = submit(server, load_package(), {"data": "digits", "max_trials": 5})
    follow(server, run.run_id, load_package().steps)
"""

from archmend.kubeflow.runs.apply import Applied, apply_plan, apply_schedule
from archmend.kubeflow.runs.connection import connected
from archmend.kubeflow.runs.manage import Listed, delete_schedule, list_schedules, run_now
from archmend.kubeflow.runs.package import Package, load_package
from archmend.kubeflow.runs.parameters import checked_parameters
from archmend.kubeflow.runs.plan import Plan, plan_schedule
from archmend.kubeflow.runs.schedule_files import load_schedules
from archmend.kubeflow.runs.schedules import Schedule
from archmend.kubeflow.runs.server import Server
from archmend.kubeflow.runs.submit import Submitted, submit
from archmend.kubeflow.runs.upload import Uploaded, upload
from archmend.kubeflow.runs.wait import Step, follow

__all__ = [
    "Applied",
    "Listed",
    "Package",
    "Plan",
    "Schedule",
    "Server",
    "Step",
    "Submitted",
    "Uploaded",
    "apply_plan",
    "apply_schedule",
    "checked_parameters",
    "connected",
    "delete_schedule",
    "follow",
    "list_schedules",
    "load_package",
    "load_schedules",
    "plan_schedule",
    "run_now",
    "submit",
    "upload",
]
