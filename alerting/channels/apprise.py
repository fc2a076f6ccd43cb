"""The long tail, through the library apprise: Discord, Matrix, Pushover and a hundred others, each by a URL of its own.

The library is imported when the first message leaves (40 MB that other installations never pay) and brings its own HTTP
client, which resolves names by itself. So only services whose address the library knows are allowed; those of a host
that a person names are for installations that allow private networks anyway.
"""

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext

from alerting.channels.base import ChannelError, Delivery
from alerting.channels.post import secret_of
from alerting.channels.text import subject, text

# They act on this machine instead of calling a service.
LOCAL_SCHEMES = {"dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"}
CONNECT_SECONDS = 4.0
READ_SECONDS = 5.0


class Apprise:
    """The secret is the URL, as it carries tokens; the target says which service it is."""

    needs_secret = True
    ignores = frozenset({"changed"})

    def check(self, *, target: str, secret: str) -> None:
        """A new secret must be a URL that the library knows and that may be called from here."""
        if secret:
            _service(secret)

    def send(self, delivery: Delivery) -> None:
        """The library says only whether it worked; why not is in the log."""
        service = _service(secret_of(delivery.secret, gettext("The channel has no URL. Write it as the secret.")))
        service.socket_connect_timeout, service.socket_read_timeout = CONNECT_SECONDS, READ_SECONDS
        if not service.notify(title=subject(delivery.body), body=text(delivery.body)):
            raise ChannelError(gettext("The service did not take the message; the log says more."), permanent=False)


def _service(url: str) -> Any:
    try:
        instantiate = import_string("apprise.Apprise").instantiate
    except ImportError:
        message = gettext("The library apprise is not installed: pip install apprise.")
        raise ChannelError(message, permanent=True) from None
    if url.partition("://")[0].lower() in LOCAL_SCHEMES:
        raise ChannelError(gettext("This kind of URL acts on the server itself, which is not allowed."), permanent=True)
    service = instantiate(url)
    if service is None:
        message = gettext("The URL is none that apprise knows. See its list of services for how to write it.")
        raise ChannelError(message, permanent=True)
    if _names_its_host(service) and not settings.OUTGOING_ALLOW_PRIVATE:
        message = gettext(
            "This service runs on a host of your own. Use a signed webhook for it, or set "
            "ATALAIA_OUTGOING_ALLOW_PRIVATE=True."
        )
        raise ChannelError(message, permanent=True)
    return service


def _names_its_host(service: Any) -> bool:
    return bool(service.host) and any("{host}" in template for template in service.templates)
