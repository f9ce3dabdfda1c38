"""Our own build of the challenge's data service: unlabelled animals over HTTP, the same rows for the same seed."""
