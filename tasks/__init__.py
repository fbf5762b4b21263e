"""The work: plain functions, frames in and frames out. Imports no Prefect."""
