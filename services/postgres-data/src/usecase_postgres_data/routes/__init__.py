"""HTTP, and nothing else: what comes in is checked by its schema, handed to the store, answered. One module a
resource.
"""
