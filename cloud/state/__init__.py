"""The state folder of an emulated cloud, and what keeps its content over a crash."""
