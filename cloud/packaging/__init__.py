"""Reproducible zips of the Lambda functions: locked dependencies, our packages and bytecode."""
