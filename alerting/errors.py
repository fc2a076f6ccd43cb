"""The exceptions for what the state of things does not allow."""


class Refused(ValueError):  # noqa: N818 - reads as the sentence it starts: raise Refused(…)
    """An illegal move; its text is a translated sentence that names the mend, fit to be shown as it is."""


class BadRange(Refused):
    """A rule cannot be asked of this stretch of the past; another one, or another interval, mends it."""
