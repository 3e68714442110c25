"""Topology, pure: what a UseCase wants in the broker, what the broker has, and the difference as data.

`desired` reads the model, `observed` reads the broker's definitions, `plan` compares the two. Nothing here
knows HTTP, Kubernetes or time; `broker/` carries the plan out.
"""
