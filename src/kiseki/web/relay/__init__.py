"""The relay: an operator's wallet pays the gas of people who have no ether.

It sends what somebody signed, or claims what somebody is owed, and nothing else. A part imports
only from those above it:

    limits    what it may cost, and which tokens count
    reasons   why something waits or was refused, in words
    content   what an operation of an account may contain
    works     the five kinds of request: what each would send
    reading   a request from its text
    rows      a request as the book keeps it, and the tables
    book      requests, sendings and what was spent, on the disk before anybody is answered
    told      what a visitor is told of a request, and an operator of all
    rounds    what is handed over at once
    relay     the thread that sends
    metrics   the same for Prometheus
    routes    the pages, and what their scripts ask
"""

from kiseki.web.relay.book import Ticket, TooMany
from kiseki.web.relay.limits import Limits
from kiseki.web.relay.relay import Relay
from kiseki.web.relay.told import Figures, Told

__all__ = ["Figures", "Limits", "Relay", "Ticket", "Told", "TooMany"]
