"""Network endpoints: addresses, listening sockets, TLS contexts, and the rule about plaintext."""
