"""What the process of the detector keeps in order in the store, beside its runs: counts for dashboards, and deletions."""
