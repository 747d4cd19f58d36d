"""An HTTP endpoint as a source."""
