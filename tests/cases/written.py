"""A directory of three configurations, and cases written as text, for the tests beside this."""

CONFIG = """
integration: console
name: red
events:
  - type: build.finished
    when: data.status == "failed"
message: {title: "{{ event.data.job }} failed", text: "see\\n{{ event.data.log }}"}
---
integration: console
name: web
scope: {team: web}
events: [{type: build.*}]
---
integration: webhook
name: hook
settings: {url: "https://hooks.example.com/x", headers: {authorization: {secret: "env:TOKEN"}}}
events: [{type: deploy.done}]
"""
FAILED = "{type: build.finished, data: {status: failed, job: web, log: x}}"
PASSED = "{type: build.finished, data: {status: passed, job: web}}"


def case(name, expect, event=FAILED, **more):
    lines = [f"  - name: {name}", f"    event: {event}", f"    expect: {expect}"]
    return "\n".join(lines + [f"    {key}: {value}" for key, value in more.items()])
