"""The HTTP server of every listener: bounded connections, timeouts, and the gate before the application."""
