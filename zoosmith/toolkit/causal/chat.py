"""Chat templates, rendered as transformers does. A template comes with a model: it is code of strangers.

The environment is transformers' own (`transformers.utils.chat_template_utils`): Jinja2's immutable sandbox, where no
underscored attribute and no method that changes a value can be reached.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from zoosmith.contract.errors import ZooError

if TYPE_CHECKING:
    from jinja2 import Environment, Template


def render(template: str, messages: Sequence[Mapping[str, str]], *, bos: str = "", eos: str = "") -> str:
    """The text that asks a model for its answer to `messages`, each with a "role" and a "content".

    Raises ZooError where the template is malformed, refuses the messages, or reaches for what it must not.
    """
    try:
        return _compiled(template).render(
            messages=[dict(message) for message in messages], add_generation_prompt=True, bos_token=bos, eos_token=eos,
            tools=None, documents=None,
        )  # fmt: skip
    except Exception as error:  # whatever a stranger's template raises: the cause is the template
        raise ZooError(
            f"the model's chat template cannot be used: {type(error).__name__}: {error}; "
            "ask without it, or mend the template"
        ) from None


@cache
def _compiled(template: str) -> Template:
    return _environment().from_string(template)


def _environment() -> Environment:
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_generation_blocks(), loopcontrols]
    )
    environment.filters["tojson"] = _tojson
    environment.globals |= {
        "raise_exception": _raise, "strftime_now": _now, "dict": _Dictionaries(), "namespace": _namespace()
    }  # fmt: skip
    return environment


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """JSON with characters as they are: Jinja's own filter escapes them for HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _raise(message: str) -> None:
    from jinja2.exceptions import TemplateError

    raise TemplateError(message)


def _now(format: str) -> str:
    return datetime.now().strftime(format)


class _Dictionaries:
    """`dict(...)` without the class itself, whose attributes lead to other classes."""

    def __call__(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict(*args, **kwargs)

    def fromkeys(self, *args: Any) -> dict[Any, Any]:
        return dict.fromkeys(*args)


def _namespace() -> type:
    """Jinja's `namespace`, which refuses underscored names too: the sandbox does not see them being set."""
    from jinja2.exceptions import SecurityError
    from jinja2.utils import Namespace

    def checked(name: Any) -> None:
        if isinstance(name, str) and name.startswith("_"):
            raise SecurityError(f"a namespace has no attribute {name!r}")

    class SafeNamespace(Namespace):
        def __init__(self, /, *args: Any, **kwargs: Any) -> None:
            given = dict(*args, **kwargs)
            for name in given:
                checked(name)
            super().__init__(given)

        def __setitem__(self, name: str, value: Any) -> None:
            checked(name)
            super().__setitem__(name, value)

    return SafeNamespace


def _generation_blocks() -> type:
    """`{% generation %}` marks what an assistant wrote, for training; when asking, its content stands as it is."""
    from jinja2 import nodes
    from jinja2.ext import Extension
    from jinja2.parser import Parser

    class Generation(Extension):
        tags = {"generation"}

        def parse(self, parser: Parser) -> nodes.Node:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.Scope(body).set_lineno(line)

    return Generation
