"""Ports: what the application needs from outside, as protocols; `menagerie.aws` implements them."""
