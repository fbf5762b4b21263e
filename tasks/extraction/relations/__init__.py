"""What belongs to a quantity: rules that are rows of data, and the slots they fill."""
