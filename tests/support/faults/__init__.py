"""The fault suite: a cluster of real processes, what it was sent, and the account of it afterwards."""
