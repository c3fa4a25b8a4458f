"""What Kubernetes says in the environment about the services of a namespace.

Every pod has variables of each service that begin with the service's name, as containers of Docker's
old links are. Of a service that is named `facecap`, or `facecap-server`, they begin as settings do.
"""

from __future__ import annotations

import re

_NAME = re.compile(
    r"FACECAP_(\w+_)?(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)", re.IGNORECASE
)
_ADDRESS = re.compile(r"(tcp|udp|sctp)://\S+:\d+", re.IGNORECASE)


def is_service_link(name: str, text: str) -> bool:
    """Whether a variable of the environment is one of these, and no setting."""
    if name.upper().endswith("_PORT") and _ADDRESS.fullmatch(text):
        return True
    return _NAME.fullmatch(name) is not None
