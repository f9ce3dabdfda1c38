"""Reproducible zips of the Lambda functions: locked dependencies, our packages, bytecode."""
