"""Text in, text out: chat, completion."""
