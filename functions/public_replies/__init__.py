"""Tells citizens publicly, under their posts, who has their complaint. `poll_channels` runs it on a schedule."""
