"""The command `zoosmith`, ready to be killed: imports, says so, waits for a number, and begins.

The number is that of the call, of those that change files, before which the process kills itself; -1 for none. Where
it makes fewer, it says how many.
"""

from __future__ import annotations

import importlib
import sys

from tests.support.crash import CHANGING, kill_before
from zoosmith.app.cli import main as cli

HEAVY = {
    "pull": ["publish.pull", "app.cli.commands._progress"],
    "push": ["publish.push", "publish.push_hf", "build.workspace"],
}


def main() -> int:
    """The command line is that of `zoosmith`."""
    words = sys.argv[1:]
    for name in [*HEAVY[words[0]], "project"]:
        importlib.import_module(f"zoosmith.{name}")
    if any(word.startswith("hf://") for word in words):
        importlib.import_module("huggingface_hub.hf_api")
    print("ready", flush=True)
    call = int(sys.stdin.readline())
    if call < 0:
        return cli.main(words)
    made = kill_before(call, CHANGING)
    code = cli.main(words)
    print(made())
    return code


if __name__ == "__main__":
    sys.exit(main())
