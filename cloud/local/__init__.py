"""Run the whole application on this machine: the emulator, the other processes, their start and stop."""
