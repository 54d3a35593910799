"""Decides about every new post, once."""
