"""Who a text is about: names, aliases, tickers, sectors and countries; mentions of them in text."""
