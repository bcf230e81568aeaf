"""What runs against real models share: budgets, wires and tapes, intervals, pages of reports."""
