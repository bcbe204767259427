"""What a sweep says as a whole: power laws, sample complexity, phases, early stopping."""
