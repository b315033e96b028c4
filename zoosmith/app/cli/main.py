"""The consumer's command `zoosmith`. Imports nothing heavy until it must."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

from zoosmith import __version__
from zoosmith.app.cli.commands import commands
from zoosmith.app.cli.completion import complete, offer, typed
from zoosmith.common.exits import code_of
from zoosmith.common.names import nearest
from zoosmith.common.noise import silence
from zoosmith.common.text import hush, not_utf8, show_error, while_read
from zoosmith.contract.errors import ZooError
from zoosmith.execution.failure import failure

INTERRUPTED = 130
QUIET = "answers and errors alone: no progress, no notes"
MORE = 'completion in bash and zsh: eval "$(register-python-argcomplete zoosmith)"; more: docs/commands.md'


class Parser(argparse.ArgumentParser):
    """Names the nearest command, choice or option for a misspelt one. commands: the parser of each, of the whole."""

    commands: dict[str, Parser]

    def error(self, message: str) -> NoReturn:
        """As argparse, with a hint in place of all that there is to choose from."""
        if found := re.match(r"argument ([^:]+): invalid choice: '(.*?)' \(choose from (.*)\)", message):
            hint = nearest(found[2], re.findall(r"[\w.-]+", found[3]))
            what = "there is no command" if found[1] == "COMMAND" else f"{found[1]} takes no"
            message = f"{what} {found[2]!r}{hint}"
        super().error(message)

    def refuse(self, words: Sequence[str]) -> NoReturn:
        """End as `error` does, for words that are none of its own."""
        options = [word.partition("=")[0] for word in words if word.startswith("--")]
        if not options:
            self.error(f"unrecognized arguments: {' '.join(words)}")
        known = [name for name in self._option_string_actions if name.startswith("--")]
        self.error(f"there is no option {options[0]!r}{nearest(options[0], known)}")


def parser(words: Sequence[str] = ()) -> Parser:
    """The command line; of the command alone that `words` begin with, if they do."""
    top = Parser(prog="zoosmith", description="Build, publish and use model zoos.", epilog=MORE)
    top.add_argument("--version", action="version", version=f"zoosmith {__version__}")
    top.add_argument("-q", "--quiet", action="store_true", help=QUIET)
    each = top.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    for name, module in commands(words).items():
        about = (module.__doc__ or name).splitlines()[0].rstrip(".")
        command = each.add_parser(name, help=about[0].lower() + about[1:], description=module.__doc__)
        command.add_argument("-q", "--quiet", action="store_true", default=argparse.SUPPRESS, help=QUIET)
        module.arguments(command)
        complete(name, command)
        command.set_defaults(main=module.main, more=getattr(module, "more", None))
    top.commands = each.choices
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; our errors become one line and exit code 1, or the code of their own (docs/exit-codes.md)."""
    return while_read(lambda: _parsed_and_run(arguments))


def _parsed_and_run(arguments: Sequence[str] | None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    top = parser(words if (begun := typed()) is None else begun)
    offer(top)
    if bad := not_utf8(words):
        parser().error(f"{bad} on the command line is no UTF-8")
    given, rest = top.parse_known_args(arguments)
    if rest and given.more is None:
        top.commands[given.command].refuse(rest)
    return _run(given, rest)


def _run(given: argparse.Namespace, rest: list[str]) -> int:
    hush(given.quiet)
    silence()
    try:
        if rest:
            given.more(given, rest)
        given.main(given)
    except ZooError as error:
        show_error("zoosmith", str(error))
        return code_of(error)
    except KeyboardInterrupt:
        show_error("zoosmith", "interrupted; what was fetched or answered is kept")
        return INTERRUPTED
    except BrokenPipeError:  # the reader has seen enough
        raise
    except OSError as error:
        show_error("zoosmith", failure(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
