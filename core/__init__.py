"""The ground floor: records, settings, errors, clocks and telemetry. Imports nothing of ours."""
