"""Numbers as printed or spelled, with units, ranges, bounds and hedges."""
