"""Tables for display, upload and download."""
