"""What every result must do: print, show in a notebook, and come back from a file as it was."""

import html
import json
import re
from typing import Any

from thalweg.core.jsontext import clean, to_text
from thalweg.core.reports import Report


def read_back(result: Any) -> Any:
    """A result written as the command line writes, and read again."""
    return type(result).from_dict(json.loads(to_text(clean(result.to_dict()))))


def text_of(page: str) -> str:
    """The text of a page, without its marks."""
    return html.unescape(re.sub(r"<[^>]*>", "", page))


def through_json(result: Any) -> Any:
    """A result written by `json` as it is, with NaN and infinities, and read again."""
    return type(result).from_dict(json.loads(json.dumps(result.to_dict())))


def keeps_the_protocol(result: Any) -> None:
    """Fail unless a result prints within 80 columns, shows, and comes back equal."""
    assert isinstance(result, Report)
    assert result.title
    assert not result.title.endswith(".")
    assert repr(result) == str(result)
    assert max(map(len, str(result).splitlines())) <= 80
    assert result._repr_html_().startswith("<")
    assert through_json(result) == result
    again = read_back(result)
    assert again == result
    assert again is not result
    assert str(again) == str(result)
