-- migrate:up
-- Housekeeping looks for these alone, among all tasks.
create index tasks_over on tasks (updated_at) where status in ('failed', 'deleted');

-- migrate:down
drop index tasks_over;
