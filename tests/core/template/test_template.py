"""Templates: what they can do, what they cannot, and that nothing in them takes long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.template.template import MAX_OUTPUT, MAX_SOURCE, TemplateError, Templates, check_template

CONTEXT = {
    "event": {
        "type": "build.finished",
        "time": "2026-01-31T12:00:00Z",
        "data": {"job": "web", "n": 3, "none": None, "yes": True, "list": [1, 2], "items": ["a"], "rate": 1.5},
    },
    "config": {"name": "builds", "labels": {"tier": "1"}},
}


LONG = f"('{'a' * 100}' | replace('a', '{'a' * 100}') | replace('a', '{'a' * 25}'))"


def render(text: str) -> str:
    return Templates().render(text, CONTEXT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("plain } text {", "plain } text {", id="text without a template"),
        pytest.param("{{ event.data.job }} of {{ config.name }}", "web of builds", id="values"),
        pytest.param("{{ event.data['job'] }}", "web", id="by key"),
        pytest.param("{{ event.data.get('x', '-') }}", "-", id="get with a default"),
        pytest.param("{{ event.data.x | default('-') }}", "-", id="default"),
        pytest.param("[{{ event.data.none }}]", "[]", id="null prints nothing"),
        pytest.param("{{ event.data.yes }} {{ event.data.rate }}", "true 1.5", id="values print as JSON"),
        pytest.param("{{ event.data.list }}", "[1, 2]", id="lists print as JSON"),
        pytest.param("{{ event.data.items }}", '["a"]', id="a key named as a method is found"),
        pytest.param("{{ event.data.job | tojson }}", '"web"', id="quoted for JSON"),
        pytest.param("{{ event.data.list | tojson(2) }}", "[\n  1,\n  2\n]", id="indented JSON"),
        pytest.param("{{ event.data.list | map('string') | join(', ') }}", "1, 2", id="joined"),
        pytest.param("{{ event.data.list | select('gt', 1) }}", "[2]", id="a lazy filter prints as a list"),
        pytest.param(
            "{% for i in event.data.list %}{{ loop.index }}/{{ loop.length }} {% endfor %}", "1/2 2/2 ", id="loop"
        ),
        pytest.param("{% if event.data.n > 2 %}many{% endif %}", "many", id="condition"),
        pytest.param("{{ event.data.n * 2 + 1 }}", "7", id="arithmetic"),
        pytest.param("{{ 'a' + 'b' ~ 1 }}", "ab1", id="joined texts"),
        pytest.param("{{ event.data.job.upper() }}", "WEB", id="a method of texts"),
        pytest.param("{{ '<b>' | e }} {{ '<b>' }}", "&lt;b&gt; <b>", id="escaped only where asked"),
        pytest.param("{{ event.time | strftime('%d %B') }}", "31 January", id="time"),
        pytest.param("{{ 3725 | duration }}", "1 hour 2 minutes", id="duration"),
        pytest.param("{{ 'a-b' | replace('-', '+') | indent(2, true) }}", "  a+b", id="replace and indent"),
        pytest.param("{{ 2.567 | round(1) }} {{ 2.5 | round }}", "2.6 2", id="round"),
    ],
)
def test_template_renders(text, expected):
    assert check_template(text) is None
    assert render(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ evnt.data }}", "there is no variable 'evnt': a template sees event and config"),
        ("{{ event.data", "unexpected end of template"),
        ("{{ event | shout }}", "no filter named 'shout'"),
        ("line\n{% if event %}", "(line 2)"),
        ("{% include 'x' %}", "'include' is not available here"),
        ("{% macro m() %}{% endmacro %}", "'macro' is not available here"),
        ("{% set a %}x{% endset %}", "'set … endset' is not available here"),
        ("{% for a in event recursive %}{% endfor %}", "a recursive loop is not available here"),
        ("{{ lipsum() }}", "there is no variable 'lipsum'"),
        ("{{ '%s' | format(1) }}", "no filter named 'format'"),
        ("{{ event | attr('data') }}", "no filter named 'attr'"),
        ("x" * (MAX_SOURCE + 1), "at most 16384 characters"),
        ("{{ " + "[" * 4000 + "]" * 4000 + " }}", "nested too deeply"),
        ("{{ " + "not " * 4000 + "1 }}", "nested too deeply"),
    ],
)
def test_check_says_what_is_wrong(text, reason):
    assert reason in (check_template(text) or "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "{{ event.data.jbo }}",
            "there is no 'jbo' in an object: write event.data.jbo | default(…) if it may be absent",
        ),
        ("{{ event.data" + ".x" * 90 + " }}", "there is no 'x' in an object: write event.data.x | default(…)"),
        ("{{ event.data['" + "a" * 300 + "'].b }}", "put `| default(…)` behind it"),
        ("{{ event['data'].jbo.x }}", "write event['data'].jbo | default(…)"),
        ("{{ event.data['jbo'] }}", "write event.data['jbo'] | default(…)"),
        ("{{ event.data.list[7] }}", "there is no 7 in a list: write event.data.list[7] | default(…)"),
        ("{% for a in [{}] %}{{ a.b }}{% endfor %}", "write a.b | default(…)"),
        ("{{ event.data.get('list').jbo }}", "there is no 'jbo' in a list: put `| default(…)` behind it"),
        ("{{ event.data[event.type] }}", "put `| default(…)` behind it"),
        ("{{ event.data.jbo.x }}", "there is no 'jbo'"),
        ("{{ event.data.list.x }}", "there is no 'x' in a list"),
        ("{{ event.data.n / 0 }}", "divided by zero"),
        ("{% for a in event.data.n %}{% endfor %}", "not iterable"),
    ],
)
def test_rendering_says_what_is_missing(text, reason):
    assert check_template(text) is None
    with pytest.raises(TemplateError) as caught:
        render(text)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__ }}",
        "{{ event['__class__'] }}",
        "{{ event.data.job['__class__'] }}",
        "{{ [1] | map(attribute='__class__') | list }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ event.data.update({'a': 1}) }}",
        "{{ event.data.list.append(1) }}",
        "{{ event.data.n.to_bytes(9) }}",
        "{{ 'x'.encode() }}",
        "{{ self._TemplateReference__context }}",
        "{{ range.__self__ }}",
        "{{ event.data.get.__self__ }}",
    ],
)
def test_doors_are_closed(text):
    with pytest.raises(TemplateError):
        render(text)
    assert CONTEXT["event"]["data"]["list"] == [1, 2]


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{% for i in range(10**9) %}x{% endfor %}", id="a long range"),
        pytest.param("{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}", id="nested loops"),
        pytest.param("{% for i in range(9999) %}" + "x" * 99 + "{% endfor %}", id="long output"),
        pytest.param("{{ 'a' * 10**9 }}", id="a repeated text"),
        pytest.param("{{ [1] * 10**9 }}", id="a repeated list"),
        pytest.param("{{ 10**10**10 }}", id="a power"),
        pytest.param("{% set a = 99999 %}" + "{% set a = a * a %}" * 40 + "{{ a }}", id="squares"),
        pytest.param("{% set a = 'aa' %}" + "{% set a = a ~ a %}" * 99 + "{{ a }}", id="doubled by ~"),
        pytest.param("{% set a = 'aa' %}" + "{% set a = a + a %}" * 99 + "{{ a }}", id="doubled by +"),
        pytest.param("{% set a = [1] %}" + "{% set a = a + a %}" * 99 + "{{ a }}", id="a doubled list"),
        pytest.param("{% set a = [1] %}" + "{% set a = [a, a] %}" * 99 + "{{ a }}", id="lists in lists"),
        pytest.param("{% set a = (1,) %}" + "{% set a = (a, a) %}" * 99 + "{{ {a: 1} }}", id="tuples in tuples"),
        pytest.param(
            "{% set a = {} %}" + "{% set a = {'a': a, 'b': a} %}" * 99 + "{{ a == a }}", id="objects in objects"
        ),
        pytest.param("{% set a = 'ab' %}" + "{% set a = a | replace('', a) %}" * 50 + "{{ a }}", id="replace"),
        pytest.param("{{ 'a\na' | indent(10**9) }}", id="indent"),
        pytest.param("{{ '%999999999d' % 1 }}", id="formatting by %"),
        pytest.param("{{ 1 | round(10**9) }}", id="round"),
        pytest.param("{{ event | tojson(10**9) }}", id="JSON indent"),
        pytest.param(f"{{{{ {LONG} | map('list') | sum(start=[]) | length }}}}", id="a sum of lists"),
        pytest.param(f"{{{{ {LONG} | select('in', {LONG} | list) | list | length }}}}", id="a test for each"),
    ],
)
def test_growth_is_bounded(text):
    with pytest.raises(TemplateError):
        render(text)


@pytest.mark.timeout(40)
@pytest.mark.parametrize(
    "expression",
    [
        "big | sort | length",
        "big | unique | list | length",
        "big | map('abs') | max",
        "-1 in big",
        "big == big2",
        "big | select('in', big2) | first | default(0)",
        "text.split('a') | length",
        "text.count('b')",
        "text | upper | length",
        "'b' in text",
    ],
)
def test_what_reads_much_is_bounded_in_a_loop(expression):
    context = {"event": {"big": list(range(200_000)), "big2": list(range(200_000)), "text": "a" * 900_000}}
    names = "{% set big = event.big %}{% set big2 = event.big2 %}{% set text = event.text %}"
    with pytest.raises(TemplateError, match="repeats or makes too much"):
        Templates().render(
            f"{names}{{% for i in range(9999) %}}{{% if {expression} %}}{{% endif %}}{{% endfor %}}", context
        )


def test_what_reads_much_once_is_allowed():
    context = {"event": {"commits": [{"id": f"{n:040}", "files": 3} for n in range(5000)], "text": "a" * 900_000}}
    text = "{{ event.text | trim | upper | truncate(20) }} {{ event.commits | map(attribute='id') | sort | first }}"
    assert Templates().render(text, context).startswith("AAAA")
    assert (
        Templates().render("{{ event.commits | sum(attribute='files') }} {{ [1, 2.5] | sum }}", context) == "15000 3.5"
    )


@given(st.text(max_size=200) | st.text(alphabet="{}%#-event.data|()[]'\" ~+*i n", max_size=80))
def test_any_text_is_checked_and_rendered_or_refused(text):
    reason = check_template(text)
    try:
        assert len(render(text)) <= MAX_OUTPUT
    except TemplateError:
        return
    assert reason is None


def test_compiled_templates_are_bounded():
    templates = Templates(limit=4)

    for number in range(40):
        templates.render(f"{{{{ event.data.n }}}} {number}", CONTEXT)

    assert len(templates._compiled) <= 4
