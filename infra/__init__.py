"""Everything around the functions that is not deployed into them."""
