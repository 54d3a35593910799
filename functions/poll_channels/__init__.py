"""Reads the channels on a schedule and stores what citizens wrote, without loss."""
