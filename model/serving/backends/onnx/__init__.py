"""The network in ONNX Runtime, the fast way on a CPU: its graph is made from the checkpoint, or was exported to a file."""
