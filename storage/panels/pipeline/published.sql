{{latency:published}}
