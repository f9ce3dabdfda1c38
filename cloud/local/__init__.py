"""The whole application on this machine: the emulator, the programs beside it, and what starts and stops them."""
