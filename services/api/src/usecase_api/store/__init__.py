"""What the api knows, it asks of others: two data services, each behind a breaker, and Redis while it answers."""
