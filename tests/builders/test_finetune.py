from tests.support.job import Case
PARAMS={"epochs": 2, "learning_rate": 3e-3, "batch_size": 16, "autocast": "none"}
CASE = Case(parents={"from": "body"}, params=PARAMS)
