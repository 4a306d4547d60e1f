"""XML as reports write it: text that XML can hold, and a document that people can read. Nothing is parsed."""

import re
from typing import Final
from xml.etree import ElementTree as ET  # written, never parsed

_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to say (section 2.2)."""


def xml_text(text: str) -> str:
    """Return `text` with a replacement character for each that XML cannot hold."""
    return _FORBIDDEN.sub("\ufffd", text)


def xml_document(root: ET.Element) -> str:
    """Return the document, indented, with a line feed at its end."""
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"
