"""The Telegram bot: chat in, the business API behind it, notifications out."""
