"""Training of classifiers of any classes."""
