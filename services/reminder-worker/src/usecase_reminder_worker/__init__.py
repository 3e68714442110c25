"""Moves, cancels and sends reminders as task events say."""
