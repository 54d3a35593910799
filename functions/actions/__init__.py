"""Takes what a department does about a ticket by a link in its mail, without an account."""
