"""`trona up`: one tree of processes, its Prefect server, deployments and log."""
