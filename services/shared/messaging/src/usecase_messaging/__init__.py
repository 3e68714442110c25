"""Messages between our services: a connection that comes back, consuming with retries, publishing with confirms.

For who has a queue or an exchange. Nothing is declared here, and nothing known of what a message says.
"""
