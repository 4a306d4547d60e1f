"""What libyaml stopped at, and what is told of it: the values between `messages` and `causes`. Knows no cause."""

from msgspec import Struct


class Place(Struct, frozen=True):
    """A line and a column of the file, from 0."""

    line: int
    column: int


class Problem(Struct, frozen=True):
    """libyaml's error with the lines of the file: what `causes` judges."""

    context: str
    problem: str
    at: Place
    began: Place | None
    lines: list[str]

    @property
    def line(self) -> str:
        """The line that libyaml stopped in."""
        return self.lines[self.at.line]

    @property
    def before(self) -> str:
        """That line up to where it stopped."""
        return self.line[: self.at.column]

    @property
    def after(self) -> str:
        """That line from where it stopped."""
        return self.line[self.at.column :]

    @property
    def begins_line(self) -> bool:
        """Whether it stopped at the first thing in the line."""
        return not self.before.strip()


class Answer(Struct, frozen=True):
    """What to tell the user: `at` and `began` are given where they are not libyaml's own.

    Where `began_message` is empty, the finding stands at the beginning when `at_beginning`, and names no other place.
    """

    message: str
    help: str
    at: Place | None = None
    began: Place | None = None
    began_message: str = ""
    at_beginning: bool = False
