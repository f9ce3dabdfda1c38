"""The retrain function: takes jobs and promotes models over HTTP; its worker trains."""
