"""SQL, and nothing else: one module a table family. Statements are prepared and cached by asyncpg on each
connection.
"""
