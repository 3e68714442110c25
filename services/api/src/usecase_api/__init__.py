"""The business API: HTTP in, data services behind it."""
