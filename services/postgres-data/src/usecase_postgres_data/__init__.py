"""The only process that touches PostgreSQL: users, tasks, reminders, the outbox and its relay."""
