"""The words of cards of artifacts that answer with one class."""

PIPELINE_TAG = "text-classification"
HEADLINE = ("macro_f1", "accuracy")
