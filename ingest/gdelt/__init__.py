"""Titles of the world's news as GDELT 2.0 collects them, every fifteen minutes."""
