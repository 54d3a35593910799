"""A local server that speaks the part of Meta's Graph API which the poller reads."""
