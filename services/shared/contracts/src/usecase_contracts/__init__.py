"""What crosses a process boundary: messages, data-service DTOs, names of exchanges and queues. Pydantic only.

Whoever writes a shape and whoever reads it import the same class from here; nothing else is shared between
services. `fields` holds the value types, `tasks users reminders analytics` the HTTP bodies of the two data
services, `own_tasks sessions` those of the api, `messages` what travels through the broker and `topology` the names
it travels by.
"""
