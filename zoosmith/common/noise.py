"""What libraries say of their own accord while a command runs: progress bars, advice, warnings. It is not for users.

It is told by the environment, which libraries read when they are imported, so that nothing of them is imported here.
What the user has set there stays, and `python -W` or $PYTHONWARNINGS bring warnings back.
"""

from __future__ import annotations

import os
import sys
import warnings

SILENT = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",  # huggingface_hub, and transformers' "Loading weights"
    "HF_HUB_VERBOSITY": "error",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "DATASETS_VERBOSITY": "error",
}


def silence() -> None:
    """From here on leave out what libraries say of their own accord, in this process and those that it starts."""
    for name, value in SILENT.items():
        os.environ.setdefault(name, value)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
