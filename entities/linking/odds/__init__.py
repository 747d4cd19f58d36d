"""Whether an ordinary word is a company's name where it stands: fitted odds in place of points set by hand."""
