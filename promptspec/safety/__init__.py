"""What keeps a call safe: who calls, and how little of that leaves."""
