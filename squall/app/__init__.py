"""What the commands run: the pipeline, the node, the demo, the doctor."""
