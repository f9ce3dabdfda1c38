"""The report that `menagerie train` writes beside a model: one HTML page without scripts or external resources."""
