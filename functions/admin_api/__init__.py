"""Answers the admins."""
