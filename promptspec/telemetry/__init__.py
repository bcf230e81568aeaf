"""What a call tells OpenTelemetry, where the application has set it up: never a text, never who called."""
