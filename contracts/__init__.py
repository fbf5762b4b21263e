"""What a figure, comparison, score, alert, run and chain look like. Imports nothing of ours."""
