"""Names in the texts of the public sets, as far as they are annotated or can be told for certain, and the tone towards them."""
