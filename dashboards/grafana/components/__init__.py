"""What the boards are built from: palette, field overrides, table columns, panels, and the dashboard around them."""
