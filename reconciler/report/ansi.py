"""Colours by plain ANSI escapes, and the functions that make other people's text safe for a terminal, and short.

Not Rich: it takes longer to import than validating a file takes. Every report that prints text goes through here.
"""


class Palette:
    """Paints text, or leaves it alone when `enabled` is false."""

    __slots__ = ("enabled",)

    def __init__(self, enabled: bool) -> None:  # noqa: FBT001  the one thing a palette is
        self.enabled = enabled

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.enabled and text else text

    def bold(self, text: str) -> str:
        """Return `text` in bold."""
        return self._paint("1", text)

    def dim(self, text: str) -> str:
        """Return `text` dimmed."""
        return self._paint("2", text)

    def red(self, text: str) -> str:
        """Return `text` in red: errors, removals."""
        return self._paint("31", text)

    def green(self, text: str) -> str:
        """Return `text` in green: success, additions."""
        return self._paint("32", text)

    def yellow(self, text: str) -> str:
        """Return `text` in yellow: warnings, updates."""
        return self._paint("33", text)

    def blue(self, text: str) -> str:
        """Return `text` in blue: the frame around a snippet."""
        return self._paint("34", text)

    def cyan(self, text: str) -> str:
        """Return `text` in cyan: help."""
        return self._paint("36", text)

    def severity(self, severity: str, text: str) -> str:
        """Return `text` in the colour of a severity: bold red for `error`, bold yellow for the rest."""
        return self._paint("1;31" if severity == "error" else "1;33", text)


PLAIN = Palette(False)
"""No colour."""


def printable(text: str) -> str:
    r"""Return `text` with everything that a terminal could obey, or hide, written as an escape such as `\x1b`.

    Control characters, line breaks, bidirectional overrides, invisible characters and undecodable bytes of a file
    name: none of them reaches the terminal, so that no file can draw over the report about it.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8, as os.fsdecode keeps it
        return f"\\x{code - 0xDC00:02x}"
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    if named is not None:
        return named
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def crop(text: str, longest: int) -> str:
    """Return `text`, or what of it fits into `longest` characters with an ellipsis as the last one."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
