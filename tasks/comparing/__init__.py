"""Comparisons of months: reported and derived changes, and gaps between linked segments."""
