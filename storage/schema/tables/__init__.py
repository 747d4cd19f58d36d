"""Every table, declared once. A new column is a migration and a line here."""
