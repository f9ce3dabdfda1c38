"""Inject faults into the application and count their effects: `make faults`."""
