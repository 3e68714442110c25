"""Adapter to Kubernetes, on aiohttp alone: reach it, mirror what matters of it, write what differs.

Reads come from mirrors filled by streaming watches; every write asks the Lease first. Nothing here decides what
a use case needs: `reconcile` does.
"""
