"""The command line and what it does: start the emulated cloud, package, deploy, watch."""
