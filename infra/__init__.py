"""Tools around the functions; nothing here is deployed into them."""
