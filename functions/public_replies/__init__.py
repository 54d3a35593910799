"""Tells citizens in public, under their posts, who has their complaint. `poll_channels` runs it on a schedule."""
