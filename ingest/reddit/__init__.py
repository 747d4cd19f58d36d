"""Submissions and comments of chosen subreddits, through Reddit's API."""
