"""What queries return: frozen rows, times aware UTC."""
