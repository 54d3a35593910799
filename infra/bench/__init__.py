"""Measure the figures of docs/figures.md."""
