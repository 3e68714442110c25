"""`python -m usecase_mongo_data`."""

from usecase_mongo_data.main import main

main()
