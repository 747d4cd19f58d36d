"""What the network reads of a text that is longer than it reads: title, lede, and the sentences that matter most."""
