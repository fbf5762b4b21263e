"""What runs, when, and in which order: the only folder that imports Prefect."""
