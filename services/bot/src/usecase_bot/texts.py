"""What people read: HTML for Telegram, made from tasks and messages. Pure.

Every word that came from a person is escaped here, after it was cut (R26); no text can reach Telegram's 4096.
"""

import re
from datetime import datetime, timedelta, tzinfo
from html import escape

from usecase_bot.commands import COMMANDS
from usecase_contracts.messages import DueReminder, Message, ReminderDue, TaskCompleted, TaskCreated, TaskDeleted
from usecase_contracts.messages import TaskUpdated as Updated
from usecase_contracts.own_tasks import TaskList
from usecase_contracts.reminders import ReminderKind
from usecase_contracts.tasks import Priority, Task, TaskStats, TaskStatus

STATUS_MARK = {
    TaskStatus.ACTIVE: "⬜",
    TaskStatus.IN_PROGRESS: "▶️",
    TaskStatus.COMPLETED: "✅",
    TaskStatus.CANCELLED: "🚫",
}
PRIORITY_MARK = {Priority.LOW: "🔵", Priority.MEDIUM: "🟡", Priority.HIGH: "🟠", Priority.URGENT: "🔴"}
TITLE_IN_LIST = 30
DESCRIPTION_IN_NOTICE = 100

_NUMBER = re.compile("#(?=[0-9])")
OPEN = frozenset({TaskStatus.ACTIVE, TaskStatus.IN_PROGRESS})
LINK_FIRST = (
    "This chat is not linked to an account yet. Ask the task API for a link code "
    "(<code>POST /api/v1/auth/telegram/link_code</code>, with your login) and send it here: /link CODE"
)
BAD_CODE = "This link code is unknown, used or older than 10 minutes. Ask for a new one and send it here: /link CODE"
LINK_USAGE = "Which code? Send it behind the command: /link CODE"
TASK_USAGE = "What is to be done? For example: /task Buy groceries tomorrow high priority"
NO_TASKS = "There is nothing here. Send me a text, and it becomes a task."
API_AWAY = "I cannot reach your tasks at the moment. Nothing was done; please try again in a minute."
MAYBE_DONE = (
    "I cannot reach your tasks at the moment, and cannot tell whether this was done. "
    "Please look at /mytasks in a minute, before you try again."
)
BROKEN = "Something went wrong on our side. Please try again."
NOT_UNDERSTOOD = "I do not know this command. /help lists what I understand."
ONLY_TEXT_AND_FILES = "I understand text, documents and photos."
WHICH_TASK = (
    "Which task is this file for? Send it again with a caption: <b>#N</b> for task N, or a text for a new task. "
    "Sending it as a reply to a message about the task works, too."
)


def cut(text: str, length: int) -> str:
    """The first `length` characters, the last of them … where something is missing."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def help_text() -> str:
    lines = [escape(f"/{each.name} {each.argument}".strip()) + f" – {each.meaning}" for each in COMMANDS]
    examples = "Call mom tomorrow · Write report by friday at 5pm · Ship in 2 hours urgent"
    return "\n".join(
        [
            "Send me a text, and it becomes a task. I read priorities and dates out of it:",
            f"<i>{examples}</i>",
            "A document or photo with the caption <b>#N</b> is attached to task N.",
            "",
            *lines,
        ]
    )


def welcome(username: str) -> str:
    return f"Hello, <b>{escape(username)}</b>! This chat is linked to your account.\n\n{help_text()}"


def number_usage(command: str) -> str:
    return f"Which task? Send its number behind the command, for example: /{command} 12"


def not_found(number: int | None) -> str:
    return f"Task #{number} was not found among yours. /mytasks lists them." if number else "This was not found."


def refused(detail: str) -> str:
    return f"That was refused: {escape(cut(detail, 300))}"


def moment(when: datetime, zone: tzinfo) -> str:
    local = _in(when, zone)
    return f"{local:%a} {local.day} {local:%b} {local.year} {local:%H:%M}"


def card(task: Task, now: datetime, headline: str = "") -> str:
    """One task in full; `now` says in which zone. `#N` stands before any word of a person: a reply to it is understood
    by that (`numbers.named_in`).
    """
    lines = [f"<b>{headline}</b>"] if headline else []
    lines.append(f"{STATUS_MARK[task.status]} #{task.id} <b>{escape(cut(task.title, 255))}</b>")
    if task.description:
        lines.append(escape(cut(task.description, 1000)))
    lines.append(f"{PRIORITY_MARK[task.priority]} {task.priority} priority · {task.status.replace('_', ' ')}")
    if task.due_date:
        lines.append(f"⏰ due {moment(task.due_date, _zone(now))}{_overdue(task, now)}")
    return "\n".join(lines)


def task_list(page: TaskList, title: str, now: datetime) -> str:
    """One line a task, ten at most. No `#N` is in it, its titles' own included, as a reply to a list means no task."""
    if not page.tasks:
        return NO_TASKS
    pages = max(1, -(-page.total // max(1, page.per_page)))
    head = f"<b>{title}</b> ({page.total})" + (f", page {page.page} of {pages}" if pages > 1 else "")
    return "\n".join([head, *(_line(task, now) for task in page.tasks)])


def stats(numbers: TaskStats) -> str:
    by_priority = [f"{PRIORITY_MARK[p]} {p}: {numbers.tasks_by_priority.get(p, 0)}" for p in reversed(Priority)]
    return "\n".join(
        [
            "<b>Your tasks</b>",
            f"total: {numbers.total_tasks}",
            f"completed: {numbers.completed_tasks}",
            f"pending: {numbers.pending_tasks}",
            f"overdue: {numbers.overdue_tasks}",
            f"completion rate: {numbers.completion_rate:.0%}",
            "",
            *by_priority,
        ]
    )


def attached(filename: str, number: int) -> str:
    """The number first: who answers this with another file means that task, whatever the file is called."""
    return f"📎 This is attached to task #{number}: <b>{escape(cut(filename, 60))}</b>"


def too_large(limit: int) -> str:
    return f"This file is too large: at most {limit / 2**20:.3g} MB are taken."


def type_refused(kind: str, types: frozenset[str]) -> str:
    known = ", ".join(sorted({each.rpartition("/")[2].rpartition(".")[2] for each in types}))
    return f"Files of this type ({escape(cut(kind, 60))}) are not taken, or its name says another type. Taken: {known}."


def notification(message: Message, now: datetime) -> str | None:
    """What a message of `bot_notifications` tells its reader; None for a message that is not for people."""
    match message:
        case ReminderDue(data=reminder):
            return _reminder(reminder, now)
        case TaskCreated(data=task):
            return card(task, now, "🔥 Urgent task")
        case TaskCompleted(data=task):
            return card(task, now, "Urgent task completed")
        case Updated(data=task):
            return card(task, now, "🔥 Urgent task changed")
        case TaskDeleted(data=task):
            return card(task, now, "Urgent task deleted")
    return None


def _reminder(reminder: DueReminder, now: datetime) -> str:
    title = f"#{reminder.id} <b>{escape(cut(reminder.title, 255))}</b>"
    lines = [f"{PRIORITY_MARK[reminder.priority]} {reminder.priority} priority"]
    if reminder.kind is ReminderKind.CUSTOM:
        lines = [f"🔔 {title}", *lines, escape(cut(reminder.message, 500))]
    else:
        late = reminder.due_date is not None and reminder.due_date <= now
        word = "⚠️ Overdue" if late or reminder.kind is ReminderKind.OVERDUE else "⏰ Due soon"
        lines = [f"{word}: {title}", *lines]
        if reminder.due_date:
            gap = abs(reminder.due_date - now)
            when = f"{span(gap)} ago" if late else f"in {span(gap)}"
            lines.append(f"due {moment(reminder.due_date, _zone(now))} ({when})")
        if reminder.description:
            lines.append(escape(cut(reminder.description, DESCRIPTION_IN_NOTICE)))
    other = f"/cancel {reminder.id}" if reminder.kind is ReminderKind.OVERDUE else f"/start_task {reminder.id}"
    return "\n".join([*lines, f"/done {reminder.id} · {other}"])


def span(gap: timedelta) -> str:
    """A length of time in its two largest units."""
    minutes = max(1, round(gap.total_seconds() / 60))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if n]
    return " ".join(parts[:2])


def _line(task: Task, now: datetime) -> str:
    due = f" · {moment(task.due_date, _zone(now))}{_overdue(task, now)}" if task.due_date else ""
    mark = f"{STATUS_MARK[task.status]}{PRIORITY_MARK[task.priority]}"
    title = _NUMBER.sub("№", cut(task.title, TITLE_IN_LIST))
    return f"{mark} {task.id} · {escape(title)}{due}"


def _overdue(task: Task, now: datetime) -> str:
    return " ⚠️ overdue" if task.status in OPEN and task.due_date and task.due_date < now else ""


def _in(when: datetime, zone: tzinfo) -> datetime:
    try:
        return when.astimezone(zone)
    except OverflowError:  # the calendar's ends
        return when


def _zone(now: datetime) -> tzinfo:
    assert now.tzinfo is not None, "a moment of the bot has a zone"
    return now.tzinfo
