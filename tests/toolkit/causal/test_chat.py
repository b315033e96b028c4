"""Chat templates: the same text as transformers renders, and nothing for a template that reaches further."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.causal import CHAT_TEMPLATE, tiny_llama
from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.chat import render

HELLO = [{"role": "user", "content": "Hello <b> & 'you'"}]
TEMPLATES = {
    "chatml": CHAT_TEMPLATE,
    "trim": "{% for m in messages %}\n  {% if m %}\n{{ m.role }}:{{ m.content | trim }}\n  {% endif %}\n{% endfor %}",
    "bos": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}",
    "tojson": "{{ messages | tojson }} {{ messages | tojson(indent=2) }}",
    "loops": "{% for i in [1, 2, 3] %}{{ i }}{% if i > 1 %}{% break %}{% endif %}{% continue %}no{% endfor %}",
    "namespace": "{% set ns = namespace(n=1, seen=false) %}{% set ns.n = ns.n + 1 %}{{ ns.n }}{{ dict(a=1).a }}",
    "generation": "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}",
    "prompt": "{% if add_generation_prompt %}assistant:{% endif %}{{ messages[-1].content.upper()[::-1] }}",
    "macro": "{% macro turn(m) -%}\n<{{ m.role }}>\n{%- endmacro %}{{ turn(messages[0]) }}",
    "undefined": "{{ tools }}{% if tools is defined %}!{% endif %}{{ messages[0].name | default('nobody') }}",
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_give_what_transformers_renders(tmp_path: Path, name: str) -> None:
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_llama(tmp_path, layers=1, hidden=32))
    expected = tokenizer.apply_chat_template(
        HELLO, chat_template=TEMPLATES[name], tokenize=False, add_generation_prompt=True
    )
    assert render(TEMPLATES[name], HELLO, bos=tokenizer.bos_token, eos=tokenizer.eos_token) == expected


def test_today_can_be_written() -> None:
    assert render("{{ strftime_now('%Y') }}", HELLO) == str(datetime.now().year)


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ messages.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ raise_exception.__globals__ }}",
        "{{ strftime_now.__globals__['json'] }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ dict.__class__ }}",
        "{{ dict.__call__.__globals__ }}",
        "{% set ns = namespace(a=1) %}{% set ns.__class__ = 1 %}",
        "{{ namespace(__class__=1) }}",
        "{{ messages | attr('__class__') | attr('__mro__') }}",
        "{{ '{0.__class__.__mro__}'.format(messages) | length > 20 and raise_exception('leaked') }}",
        "{{ messages.append(messages) }}",
        "{% include '/etc/passwd' %}",
        "{% for i in range(999999999) %}x{% endfor %}",
    ],
)
def test_a_template_reaches_no_attribute_of_python(hostile: str) -> None:
    told = ""
    try:
        told = render(hostile, HELLO)
    except ZooError as error:
        assert "chat template cannot be used" in str(error)
        assert "leaked" not in str(error)
    assert not any(word in told for word in ("<class", "module", "uid=", "root:", "function", "object"))


@pytest.mark.parametrize(
    ("template", "cause"),
    [
        ("{{ raise_exception('roles must alternate') }}", "roles must alternate"),
        ("{% for m in messages %}", "TemplateSyntaxError"),
        ("{{ messages[0].content + 1 }}", "TypeError"),
        ("{{ nothing.of.it }}", "UndefinedError"),
        ("{{ 1 // 0 }}", "ZeroDivisionError"),
    ],
)
def test_what_goes_wrong_is_one_error_with_its_cause(template: str, cause: str) -> None:
    with pytest.raises(ZooError, match=rf"chat template cannot be used: .*{cause}.*; ask without it"):
        render(template, HELLO)


def test_json_keeps_characters_that_html_would_escape() -> None:
    assert json.loads(render("{{ messages | tojson }}", HELLO)) == HELLO
    assert "<b> & 'you'" in render("{{ messages | tojson }}", HELLO)
