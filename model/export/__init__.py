"""A checkpoint as ONNX."""
