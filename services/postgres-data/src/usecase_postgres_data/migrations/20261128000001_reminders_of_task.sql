-- migrate:up

-- The unique indexes are partial and serve no question by task alone: a list, a cancellation, the end of a tombstone.
create index reminders_of_task on reminders (task_id);

-- migrate:down

drop index reminders_of_task;
