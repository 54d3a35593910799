"""Takes what partners and Meta push."""
