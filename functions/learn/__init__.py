"""Learns from the desk's decisions what a post of this deployment is."""
