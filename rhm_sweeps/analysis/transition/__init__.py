"""Trained models beside exact inference when strings are noised and denoised."""
