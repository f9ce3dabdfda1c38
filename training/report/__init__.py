"""The report that `menagerie train` leaves beside a model: one page that needs nothing from anywhere else."""
