"""Pieces of SVG: elements with escaped attributes and text."""

from __future__ import annotations

from html import escape


def element(tag: str, text: str | None = None, **attributes: object) -> str:
    """One element; ``text`` is escaped, an attribute ``class_`` is ``class``, ``stroke_width`` is ``stroke-width``."""
    shown = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_number(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{shown}/>" if text is None else f"<{tag}{shown}>{escape(text)}</{tag}>"


def group(tag: str, *children: str, **attributes: object) -> str:
    """An element around others."""
    start = element(tag, None, **attributes).removesuffix("/>")
    return f"{start}>{''.join(children)}</{tag}>"


def _number(value: object) -> str:
    """At most one digit behind the point: enough for the eye, and half of the bytes."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def shortened(text: str, characters: int) -> str:
    """``text`` with an ellipsis where it is longer."""
    return text if len(text) <= characters else text[: characters - 1].rstrip() + "…"
