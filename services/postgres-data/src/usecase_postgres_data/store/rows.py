"""How a task's row reads outside of this process: the SQL that makes its JSON, in one place."""

from usecase_contracts.tasks import Task

TASK_JSON = """json_build_object(
  'id', t.id, 'user_id', t.user_id, 'title', t.title, 'description', t.description, 'priority', t.priority,
  'status', case t.status when 'pending' then 'active' else t.status end, 'due_date', t.due_date,
  'completed_at', t.completed_at, 'transaction_id', t.transaction_id, 'version', t.version,
  'created_at', t.created_at, 'updated_at', t.updated_at)"""
"""A `usecase_contracts.tasks.Task` of the row `t`."""

SEEN = "t.status not in ('failed', 'deleted')"
"""Whether the row `t` is a task, or a tombstone that keeps its transaction id taken."""

OPEN = "t.status in ('pending', 'active', 'in_progress')"
"""Whether the task `t` still waits for somebody."""


def task_from(json: str) -> Task:
    """The task that TASK_JSON wrote."""
    return Task.model_validate_json(json)
