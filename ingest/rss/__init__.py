"""RSS, Atom and RDF feeds as a source."""
