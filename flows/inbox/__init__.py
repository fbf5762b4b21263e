"""Documents on their way in: where they land, who watches, and how a run takes them."""
