"""Lists that are read page by page: what to show where the address names a page that is none."""

from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from lib.pages import CursorError

Page = TypeVar("Page")


def page_or_first(request: HttpRequest, read: Callable[[str | None], Page]) -> tuple[Page, int]:
    """The page after `?cursor=` and 200; the first page, a banner that says so, and 400 where the cursor is damaged."""
    try:
        return read(request.GET.get("cursor")), 200
    except CursorError:
        messages.error(request, _("This page address is damaged. These are the newest."))
        return read(None), 400
