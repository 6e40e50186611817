"""Populations of convolutional networks."""
