"""Faults injected into the running application, with counts of what they cost: `make faults`."""
