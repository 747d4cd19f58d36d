"""What each name does in a text: it is what the text is about, rates, tells, solicits, trades, hosts, or is listed with its price."""
