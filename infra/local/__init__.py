"""The whole stack on one machine: emulator, channel simulator, deployment, schedules, results."""
