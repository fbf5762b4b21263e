"""What runs, when, in which order: the only folder that imports Prefect, and the door of the command line."""
