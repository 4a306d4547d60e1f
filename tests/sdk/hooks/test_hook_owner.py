"""Hooks where they may not be: the error says where they may."""

import pytest

from reconciler.model.errors import HookError
from reconciler.sdk import EventHook, Integration, ScheduleHook, TaskHook


class Pager(Integration):
    integration_id = "pager"

    async def work(self, *arguments):
        pass


@pytest.mark.parametrize(
    "declare",
    [
        lambda owner: EventHook(owner, owner.work),
        lambda owner: TaskHook(owner, owner.work),
        lambda owner: ScheduleHook(owner, "daily", "0 8 * * *", owner.work),
    ],
    ids=["event", "task", "schedule"],
)
def test_hook_before_initialize_says_where_hooks_belong(declare):
    with pytest.raises(HookError, match=r"inside initialize\(\).*never in __init__; found Pager"):
        declare(Pager())


def test_hook_without_its_owner_says_that_it_comes_first():
    with pytest.raises(HookError, match=r"takes its owner first.*found str"):
        EventHook("build.finished", print)


def test_receiver_that_is_a_name_is_refused(owner):
    with pytest.raises(TypeError, match=r"such as self\.deliver, not 'deliver'"):
        EventHook(owner, "deliver")
