"""The knowledge of names: what ships with Squall, what a user adds, and the graph along which counts roll up."""
