"""`python -m usecase_bot`."""

from usecase_bot.main import main

main()
