"""What a checked feature is: facts that later stages read and nothing changes."""
