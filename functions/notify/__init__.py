"""Sends notices to the departments."""
