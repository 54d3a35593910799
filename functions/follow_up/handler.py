"""Entry point of the schedule that looks for what was left behind."""


def handler(event, context):
    return None
