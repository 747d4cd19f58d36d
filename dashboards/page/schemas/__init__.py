"""Request and response models of the JSON API (pydantic), one module per subject."""
