"""Forward the recorder's states to a user station (Elasticsearch), each exactly once."""

from .forwarder import Forwarder
from .status import Status

__all__ = ["Forwarder", "Status"]
