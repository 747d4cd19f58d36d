"""A mailbox as a source: alerts and newsletters that a desk receives anyway, read over IMAP."""
