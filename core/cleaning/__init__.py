"""What texts of others go through at every door: JSON that is read leniently, markup that is removed, signs that carry meaning."""
