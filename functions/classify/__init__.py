"""The function that decides about every new post, once."""
