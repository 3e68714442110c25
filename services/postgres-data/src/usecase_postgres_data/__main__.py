"""`python -m usecase_postgres_data`."""

from usecase_postgres_data.main import main

main()
