"""A fake Bot API server: Telegram as a bot sees it, in memory, for one bot, over real HTTP.

`methods` is what a bot calls and refuses what Telegram refuses, `control` what a test (or `page.html`, a person) does
in its users' place, `faults` what goes wrong on demand, `world` the chats between them. `README.md` beside the
package lists the paths. Imports nothing of the project.
"""
