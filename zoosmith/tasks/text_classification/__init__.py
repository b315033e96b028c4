"""One text in, one class out: sentiment, topic, intent."""
