"""Months that are not alike: working days, the moving new year, January with February, rank in one's own history."""
