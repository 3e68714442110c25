"""HTTP, and nothing else: what comes in is checked by its schema, handed on, answered. One module a resource.

Who asks is known before any route is looked for (`gate`).
"""
