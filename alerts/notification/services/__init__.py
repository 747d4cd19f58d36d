"""Channels of known services: Slack, Teams, PagerDuty, Opsgenie, Telegram, Discord. Each turns the same summary into requests.

A service that knows incidents (PagerDuty, Opsgenie) gets one per group of alerts: opened, updated and closed under the group's key. The
others get a message each time.
"""
