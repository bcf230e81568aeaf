"""The card of a feature, for whoever signs it off; and what two versions of specs differ in."""
