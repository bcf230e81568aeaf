"""A contract as JSON Schema: what travels, what a call takes, and what a provider's strict mode can hold."""
