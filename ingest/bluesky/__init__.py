"""Posts of Bluesky as Jetstream streams them."""
