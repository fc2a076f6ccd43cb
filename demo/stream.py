"""Live traffic: whatever the story has happened since the last look. Small, patient, and nothing to lose.

The story has no state, so after a restart (of this process or of the panel) the labels and thumbs of earlier
requests still come, and what was missed in between is posted late, as a client with a buffer would.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from demo.models import Play
from demo.play import post_interval
from demo.sender import Sender
from demo.story import Story

BUFFER = timedelta(days=1)
REMEMBER_EVERY = timedelta(seconds=30)
CHUNK = timedelta(hours=1)


class Streamer:
    """Posts a play's story as time passes and remembers now and then how far it came."""

    def __init__(self, play: Play, story: Story, sender: Sender) -> None:
        self._play = play
        self._story = story
        self._sender = sender
        self._through = play.through

    def catch_up(self, *, now: datetime, keep_going: Callable[[], bool]) -> int:
        """Post what happened until `now` (story time); the number of items. A clock in the past posts nothing."""
        self._through = max(self._through, now - BUFFER)
        posted = 0
        while self._through < now and keep_going():
            end = min(now, self._through + CHUNK)
            posted += post_interval(self._story, self._sender, self._through, end)
            self._through = end
        if self._through - self._play.through >= REMEMBER_EVERY:
            self.remember()
        return posted

    def remember(self) -> None:
        """Write down how far the story has been told."""
        self._play.through = self._through
        self._play.save(update_fields=["through"])
