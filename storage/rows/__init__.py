"""What queries return: frozen records; times are aware UTC."""
