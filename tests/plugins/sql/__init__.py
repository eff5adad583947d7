"""The sql source."""
