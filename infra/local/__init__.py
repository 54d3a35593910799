"""The whole stack on one machine: emulator, channel simulator, deploy, drive, show."""
