"""Room: steps."""
