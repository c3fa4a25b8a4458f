"""The service: cameras push frames, people see captures."""
