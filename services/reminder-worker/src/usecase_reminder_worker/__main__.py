"""`python -m usecase_reminder_worker`."""

from usecase_reminder_worker.main import main

main()
