{{latency:collected}}
