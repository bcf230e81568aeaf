"""What must survive: reviews, reports, the audit trail, callers and counters, in SQLite or PostgreSQL."""
