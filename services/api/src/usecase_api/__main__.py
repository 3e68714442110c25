"""`python -m usecase_api`."""

from usecase_api.main import main

main()
