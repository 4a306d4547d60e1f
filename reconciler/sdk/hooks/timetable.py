"""When a cron expression is due: wall time in, decisions out. No waiting and no calling: ScheduleHook does both."""

from datetime import UTC, datetime, tzinfo
from math import inf
from zoneinfo import ZoneInfo

from reconciler.model.errors import TerminalError

STEP = 60.0
"""The longest sleep, in seconds, before the wall clock is read again: it may have been set meanwhile."""
_SHORTEST = 0.01


class Timetable:
    """The occurrences of one cron expression (five fields, or six with seconds first) in one time zone.

    Across a change of daylight-saving time a job at a fixed time runs once, as in Debian's cron: a time that does
    not exist is moved to the next that does, one that exists twice counts the first time. Raises TerminalError when
    the expression or the zone is not one.
    """

    def __init__(self, cron: str, timezone: str) -> None:
        self.cron, self.timezone = cron, timezone
        self._zone = _zone(timezone)
        self._check()

    def after(self, moment: float) -> float:
        """Return the first occurrence later than `moment`, both in seconds since the epoch; infinity for never."""
        from cronsim import CronSim

        for occurrence in CronSim(self.cron, datetime.fromtimestamp(moment, self._zone)):
            if (when := occurrence.timestamp()) > moment:  # within a repeated hour the first can lie before it
                return when
        return inf

    def _check(self) -> None:
        from cronsim import CronSimError

        try:
            self.after(0.0)
        except CronSimError as error:
            raise TerminalError(
                f"the cron expression {self.cron!r} does not hold: {str(error).lower()}; expected five fields, "
                "such as '30 8 * * mon-fri'"
            ) from None


class Ticker:
    """Says at each look at the clocks whether an occurrence is due, whatever is done to the wall clock meanwhile.

    A jump ahead over any number of occurrences makes one of them due, the last. After a step back the new time
    counts at once, but an occurrence that was due already is not due again until half the time between two
    occurrences has truly passed: a clock corrected by a second repeats nothing, one set back by a day skips nothing.
    """

    def __init__(self, timetable: Timetable, wall: float, monotonic: float) -> None:
        self._timetable = timetable
        self._seen = wall
        self._next = timetable.after(wall)
        self._latest = -inf  # the latest occurrence that was due, and when by the monotonic clock
        self._fired = monotonic

    def look(self, wall: float, monotonic: float) -> bool:
        """Return whether an occurrence is due now; it then counts as taken."""
        if wall < self._seen:
            self._next = self._timetable.after(wall)
        self._seen = wall
        if wall < self._next:
            return False
        due, self._next = self._next, self._timetable.after(wall)
        repeated = due <= self._latest and monotonic - self._fired < (self._next - due) / 2
        if not repeated:
            self._latest, self._fired = due, monotonic
        return not repeated

    def pause(self, wall: float) -> float:
        """Return for how many seconds to sleep before the next look."""
        return min(STEP, max(_SHORTEST, self._next - wall))


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise TerminalError(f"the time zone {name!r} is not known: expected a name such as Europe/Berlin") from None
