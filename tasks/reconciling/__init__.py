"""Reconciling figures: what they jointly prove, what else follows, the index with its envelope, and findings."""
