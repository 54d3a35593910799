"""Train and score the classifier; nothing here is deployed."""
