"""The function behind the links in the mails, with which a department acts on a ticket without an account."""
