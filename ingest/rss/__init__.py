"""RSS, Atom, RDF and JSON feeds as a source."""
