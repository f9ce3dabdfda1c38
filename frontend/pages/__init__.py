"""The main script, the pages of the dashboard, and parts of one page."""
