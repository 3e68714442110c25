"""HTTP between our services: what stands in front of an app, and the client that calls one.

The client is for everybody. The rest is for the three services that have an HTTP face; import-linter keeps it,
and with it FastAPI, out of the others.
"""
