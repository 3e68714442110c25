"""The UseCase operator: one resource in, a running, isolated, scalable use case out."""
