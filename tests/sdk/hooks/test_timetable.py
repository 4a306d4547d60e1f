from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.errors import TerminalError
from reconciler.sdk.hooks.timetable import STEP, Ticker, Timetable

BERLIN = ZoneInfo("Europe/Berlin")
DAY = 86400.0


def at(text, zone=UTC):
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def local_times(timetable, begin, end):
    moment, found = begin, []
    while (moment := timetable.after(moment)) < end:
        found.append(datetime.fromtimestamp(moment, BERLIN).strftime("%d %H:%M %z"))
    return found


class Clocks:
    """Walks a ticker through time, look by look as the hook does, and counts what was due."""

    def __init__(self, cron, wall, zone="UTC"):
        self.wall, self.passed = wall, 0.0
        self.ticker = Ticker(Timetable(cron, zone), wall, 0.0)
        self.fired = []

    def run(self, seconds):
        end = self.passed + seconds
        while self.passed < end:
            step = min(self.ticker.pause(self.wall), end - self.passed)
            self.wall += step
            self.passed += step
            if self.ticker.look(self.wall, self.passed):
                self.fired.append(self.passed)
        return self

    def set_by(self, seconds):
        self.wall += seconds
        return self


def test_night_without_the_hour_runs_a_fixed_time_once():
    times = local_times(Timetable("30 2 * * *", "Europe/Berlin"), at("2026-03-28T12:00"), at("2026-03-30T12:00"))
    assert times == ["29 03:00 +0200", "30 02:30 +0200"]


def test_night_with_the_hour_twice_runs_a_fixed_time_once():
    times = local_times(Timetable("30 2 * * *", "Europe/Berlin"), at("2026-10-24T12:00"), at("2026-10-26T12:00"))
    assert times == ["25 02:30 +0200", "26 02:30 +0100"]


def test_start_within_the_repeated_hour_does_not_go_back_to_the_first():
    begin = at("2026-10-25T01:15")  # 02:15 in Berlin for the second time
    assert Timetable("30 2 * * *", "Europe/Berlin").after(begin) == at("2026-10-26T02:30", BERLIN)


def test_every_half_hour_runs_through_both_changes():
    timetable = Timetable("*/30 * * * *", "Europe/Berlin")
    assert len(local_times(timetable, at("2026-03-28T23:00", BERLIN), at("2026-03-30T00:00", BERLIN))) == 2 * 24 - 1
    assert len(local_times(timetable, at("2026-10-24T23:00", BERLIN), at("2026-10-26T00:00", BERLIN))) == 2 * 26 - 1


@pytest.mark.parametrize("cron", ["", "every day", "61 * * * *", "* * * *", "0 0 31 2 *", "\0 * * * *"])
def test_bad_expression_is_terminal_and_named(cron):
    with pytest.raises(TerminalError, match="cron expression"):
        Timetable(cron, "UTC")


@pytest.mark.parametrize("zone", ["Mars/Phobos", "", "../../etc/passwd", "Europe/Berlin\0"])
def test_unknown_zone_is_terminal_and_named(zone):
    with pytest.raises(TerminalError, match="time zone"):
        Timetable("* * * * *", zone)


def test_hourly_fires_each_hour_once():
    assert Clocks("0 * * * *", at("2026-01-01T00:30")).run(DAY).fired == [1800 + 3600 * n for n in range(24)]


def test_day_ahead_fires_the_missed_once():
    clocks = Clocks("0 * * * *", at("2026-01-01T00:30")).run(60).set_by(DAY).run(120)
    assert len(clocks.fired) == 1


def test_day_back_fires_nothing_at_once_and_skips_nothing():
    clocks = Clocks("0 * * * *", at("2026-01-02T00:30")).run(3600).set_by(-DAY)
    assert len(clocks.run(60).fired) == 1
    assert len(clocks.run(DAY).fired) == 1 + 24


def test_daily_job_set_back_two_hours_is_not_repeated():
    clocks = Clocks("0 12 * * *", at("2026-01-01T11:00")).run(5400).set_by(-7200)
    assert len(clocks.run(DAY).fired) == 1


def test_clock_corrected_by_a_second_repeats_nothing():
    clocks = Clocks("* * * * *", at("2026-01-01T00:00:30")).run(30.2).set_by(-1)
    assert len(clocks.run(20).fired) == 1


@given(
    jumps=st.lists(st.tuples(st.floats(1, 7200), st.floats(-2 * DAY, 2 * DAY)), max_size=6),
    cron=st.sampled_from(["* * * * *", "*/7 * * * *", "30 2 * * *", "0 0 * * sun"]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_no_series_of_jumps_makes_a_storm(jumps, cron, zone):
    clocks = Clocks(cron, at("2026-03-28T20:00"), zone)
    for seconds, jump in jumps:
        before = len(clocks.fired)
        clocks.run(seconds).set_by(jump)
        assert len(clocks.fired) - before <= seconds / 60 + 2


@given(moment=st.floats(0, 4e9), zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns"]))
def test_next_is_always_later(moment, zone):
    assert Timetable("15 1-3 * * *", zone).after(moment) > moment


@given(wall=st.floats(0, 4e9))
def test_pause_is_bounded(wall):
    assert 0 < Ticker(Timetable("0 0 1 1 *", "UTC"), wall, 0.0).pause(wall) <= STEP
