"""Rows for training: from a data service or a file, validated, labelled rows as a file, folds."""
