"""Many videos, each a task: finding them, working on them here or on a cluster, keeping the results."""
