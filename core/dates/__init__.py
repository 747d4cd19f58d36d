"""What people and programs write as dates: names of months and days, time zones, and how they are put together."""
