"""The command line: run the application locally, package it, deploy it, operate it."""
