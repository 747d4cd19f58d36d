"""Network endpoints: TLS contexts, and sockets that listen."""
