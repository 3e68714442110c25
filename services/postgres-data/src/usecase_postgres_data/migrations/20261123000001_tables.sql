-- migrate:up

create table users (
  id bigint generated always as identity primary key,
  username text not null check (length(username) between 3 and 50),
  email text not null check (length(email) <= 255),
  hashed_password text not null,
  telegram_id bigint unique,
  created_at timestamptz not null default now()
);
-- One spelling of a name, whatever its case: nobody may look like somebody else.
create unique index users_username_key on users (lower(username));
create unique index users_email_key on users (lower(email));

-- The one open code of a user; spent by deleting it.
create table telegram_link_codes (
  user_id bigint primary key references users,
  code_hash text not null unique,
  expires_at timestamptz not null
);

-- successor_hash: the token this one was spent for. A spent token that comes again for another one was stolen.
create table refresh_tokens (
  token_hash text primary key,
  user_id bigint not null references users,
  family uuid not null,
  successor_hash text,
  expires_at timestamptz not null
);
create index refresh_tokens_family on refresh_tokens (family);
create index refresh_tokens_expires on refresh_tokens (expires_at);

-- pending: its message is still in the outbox. failed, deleted: a tombstone that keeps transaction_id taken, so that a
-- late insert of the same create is refused; its text is gone.
-- fillfactor: pending → active rewrites every row once; with room in its page and no index on status, no index is touched.
create table tasks (
  id bigint generated always as identity primary key,
  user_id bigint not null references users,
  title text not null,
  description text check (length(description) <= 2000),
  priority text not null default 'medium' check (priority in ('low', 'medium', 'high', 'urgent')),
  status text not null default 'pending'
    check (status in ('pending', 'active', 'in_progress', 'completed', 'cancelled', 'failed', 'deleted')),
  due_date timestamptz,
  completed_at timestamptz,
  transaction_id uuid not null unique,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check (status in ('failed', 'deleted') or length(title) between 1 and 255),
  check ((status = 'completed') = (completed_at is not null))
) with (fillfactor = 80);
-- Lists read this index from its end: newest first, and from any task on. Not by id alone: ordered by the primary key,
-- the planner would rather walk the whole table backwards than ask for one user's part of an index.
create index tasks_of_user on tasks (user_id, created_at, id);

create table reminders (
  id bigint generated always as identity primary key,
  task_id bigint not null references tasks on delete cascade,
  user_id bigint not null,
  kind text not null check (kind in ('due_soon', 'overdue', 'custom')),
  reminder_time timestamptz not null,
  message text not null,
  state text not null default 'scheduled' check (state in ('scheduled', 'sent', 'cancelled')),
  repeat_seconds integer check (repeat_seconds >= 21600),
  sent_at timestamptz,
  created_at timestamptz not null default now()
);
create unique index reminders_following on reminders (task_id, kind) where kind <> 'custom';
create unique index reminders_custom on reminders (task_id, reminder_time) where kind = 'custom';
create index reminders_due on reminders (reminder_time) where state = 'scheduled';

-- Messages not yet confirmed by the broker. A writer of a row holds the lock of its task's row: so the rows of one task
-- and exchange commit in the order of their ids, and the relay publishes them in that order.
create table outbox (
  id bigint generated always as identity primary key,
  event_id uuid not null,
  task_id bigint not null,
  exchange text not null,
  routing_key text not null,
  body text not null,
  request_id text,
  traceparent text,
  created_at timestamptz not null default now(),
  tries integer not null default 0,
  next_try timestamptz not null default now()
);
create index outbox_order on outbox (task_id, exchange, id);

-- migrate:down

drop table outbox, reminders, tasks, refresh_tokens, telegram_link_codes, users;
