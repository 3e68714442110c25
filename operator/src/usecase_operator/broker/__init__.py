"""Adapter to RabbitMQ by its management API: observe in few requests, carry plans out, never decide.

`Brokers` is the door: `reconcile` asks it for the broker behind a connection Secret. One observer per broker
serves every UseCase on it, so the broker's load does not grow with their number.
"""
