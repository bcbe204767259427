"""What is known of each trial: time scales, regimes, their uncertainty, and what is missing."""
