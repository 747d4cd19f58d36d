"""Stories of what is stored: each settled document is put into its story by the process that runs the detector."""
