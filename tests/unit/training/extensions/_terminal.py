from __future__ import annotations

import io


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def screen(text: str) -> list[str]:
    """The lines that a terminal shows after a text with the escapes that are used here."""
    lines, row = [""], 0
    while text:
        if text.startswith("\033[J"):
            del lines[row + 1 :]
            lines[row] = ""
            text = text[3:]
        elif text.startswith("\033["):
            count, _, text = text[2:].partition("A")
            row -= int(count)
        elif text.startswith("\n"):
            row += 1
            if row == len(lines):
                lines.append("")
            text = text[1:]
        else:
            lines[row] += text[0]
            text = text[1:]
    return lines
