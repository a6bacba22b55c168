"""The user station's feed: forwards the recorder's states to Elasticsearch, each exactly once."""

from .forwarder import Forwarder
from .status import Status

__all__ = ["Forwarder", "Status"]
