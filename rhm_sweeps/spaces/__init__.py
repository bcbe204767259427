"""Search spaces: the language in which a sweep says what is fixed, what varies and how it is searched."""
