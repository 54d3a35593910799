"""Tells the departments."""
