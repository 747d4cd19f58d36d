"""Alerts as signed JSON over HTTP."""
