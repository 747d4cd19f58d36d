"""Names that the network finds: cleaned, looked up, refused where they are none, and else entities of their own."""
