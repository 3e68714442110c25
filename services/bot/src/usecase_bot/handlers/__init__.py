"""What people do in a chat, one module for each kind: account, tasks, lists, files, buttons.

Handlers get `api`, `desk` and what else they name from the dispatcher (`dispatcher`); what goes wrong is said to the
person in one place (`failures`).
"""
