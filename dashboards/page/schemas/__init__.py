"""What the JSON API sends and accepts, as pydantic models."""
