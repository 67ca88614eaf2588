"""How a gradient grows beyond one process: workers of a cluster, and an X on disk."""
