"""A local server that speaks the parts of the platforms' APIs which the poller reads."""
