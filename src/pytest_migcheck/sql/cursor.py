"""A cursor over the words of one statement."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_migcheck.sql.tokens import Word

_OPENING, _CLOSING = ("(", "["), (")", "]")


class Cursor:
    """Reads words one after the other; reading past the end gives nothing."""

    def __init__(self, text: str, found: Sequence[Word]) -> None:
        self.text = text
        self.words = tuple(found)
        self.at = 0

    @property
    def rest(self) -> tuple[Word, ...]:
        return self.words[self.at :]

    def peek(self, ahead: int = 0) -> str:
        index = self.at + ahead
        return self.words[index].key if index < len(self.words) else ""

    def take(self, *keys: str) -> bool:
        """Step over these words if they stand here."""
        if all(self.peek(n) == key for n, key in enumerate(keys)):
            self.at += len(keys)
            return True
        return False

    def name(self) -> str:
        """A possibly qualified name, as identifiers without quotes."""
        parts: list[str] = []
        while self.at < len(self.words):
            word = self.words[self.at]
            parts.append(word.text if not word.key else word.text.lower())
            self.at += 1
            if not self.take("."):
                break
        return ".".join(parts)

    def until(self, *keys: str) -> tuple[Word, ...]:
        """The words up to one of these that is in no parentheses."""
        depth, start = 0, self.at
        while self.at < len(self.words):
            key = self.words[self.at].key
            if key in keys and depth == 0:
                break
            depth += (key in _OPENING) - (key in _CLOSING)
            self.at += 1
        return self.words[start : self.at]

    def parenthesised(self) -> tuple[Word, ...]:
        """What stands in the parentheses that open here."""
        if not self.take("("):
            return ()
        inside = self.until(")")
        self.take(")")
        return inside

    def elements(self) -> tuple[str, ...]:
        """The texts between the commas of the parentheses that open here; names come without quotes."""
        inner = Cursor(self.text, self.parenthesised())
        found: list[str] = []
        while inner.at < len(inner.words):
            element = inner.until(",")
            inner.take(",")
            found.append(Cursor(self.text, element).name() if len(element) == 1 else self.slice(element))
        return tuple(found)

    def slice(self, taken: Sequence[Word]) -> str:
        """The text of words as it was written."""
        return self.text[taken[0].start : taken[-1].end] if taken else ""


def phrases(found: Sequence[Word], *wanted: str) -> frozenset[str]:
    """Those of the wanted phrases that stand among the words, outside parentheses."""
    depth, keys = 0, [""]
    for word in found:
        depth += (word.key in _OPENING) - (word.key in _CLOSING)
        if depth == 0:
            keys.append(word.key or "''")
    text = " ".join((*keys, ""))
    return frozenset(phrase for phrase in wanted if f" {phrase} " in text)
