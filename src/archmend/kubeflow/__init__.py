"""Room: kubeflow."""
