"""E-mail through Django's mail settings, as plain text."""

import smtplib

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email
from django.utils.translation import gettext

from alerting.channels.base import ChannelError, Delivery
from alerting.channels.text import subject, text

TIMEOUT_SECONDS = 10
REFUSED_FOR_GOOD = 500


class Email:
    """The target is a list of addresses separated by commas; all of them get the same message."""

    needs_secret = False
    ignores = frozenset({"changed"})

    def check(self, *, target: str, secret: str) -> None:
        """Every address must look like one."""
        for address in _addresses(target):
            try:
                validate_email(address)
            except ValidationError:
                message = gettext("“%(address)s” is not an e-mail address.") % {"address": address}
                raise ChannelError(message, permanent=True) from None

    def send(self, delivery: Delivery) -> None:
        """The id is part of Message-ID, so that mail programs drop a second copy."""
        message = EmailMessage(
            subject(delivery.body),
            text(delivery.body),
            to=_addresses(delivery.target),
            headers={"Message-ID": f"<{delivery.uid}@atalaia>", "Auto-Submitted": "auto-generated"},
            connection=get_connection(timeout=TIMEOUT_SECONDS),
        )
        try:
            message.send()
        except smtplib.SMTPRecipientsRefused as error:
            permanent = all(code >= REFUSED_FOR_GOOD for code, _ in error.recipients.values())
            raise ChannelError(gettext("The mail server refused every recipient."), permanent=permanent) from error
        except (smtplib.SMTPException, OSError) as error:
            reason = {"reason": type(error).__name__}
            raise ChannelError(
                gettext("The mail server did not take the message (%(reason)s).") % reason, permanent=False
            ) from error


def _addresses(target: str) -> list[str]:
    found = [part.strip() for part in target.split(",") if part.strip()]
    if not found:
        raise ChannelError(gettext("The channel has no e-mail address. Write at least one."), permanent=True)
    return found
