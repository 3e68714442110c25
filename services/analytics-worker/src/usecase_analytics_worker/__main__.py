"""`python -m usecase_analytics_worker`."""

from usecase_analytics_worker.main import main

main()
