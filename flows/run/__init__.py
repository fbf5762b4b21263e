"""What every run shares: the pipeline, its Prefect tasks, retries, progress, events, and tables in the UI."""
