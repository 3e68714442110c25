"""The only process that touches MongoDB: activity log and task analytics."""
