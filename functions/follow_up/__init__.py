"""Drives again what was left behind."""
