"""What two or more functions share: the words of the product and the one door to its table."""
