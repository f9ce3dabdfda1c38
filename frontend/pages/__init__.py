"""The pages of the dashboard, a package each."""
