"""The oracle: random transactions, random clients and random faults, and a judge who knows what everyone should see."""
