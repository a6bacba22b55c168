# Home Assistant provides voluptuous by probatio.
from probatio import *  # noqa: F403
