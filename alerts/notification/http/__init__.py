"""What the channels over HTTP have in common: requests, refusals in Squall's words, waits that a server asks for, and pacing."""
