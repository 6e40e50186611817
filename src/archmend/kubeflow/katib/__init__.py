"""Katib seen from outside: an Experiment made, watched and stopped; see `archmend.kubeflow.suggestion` too.

What the cluster is asked goes through `client.KatibClient`; what is only computed (the Experiment's text,
what a trial's state means) needs no cluster. Import from the modules: the light ones then need no extra.
"""
