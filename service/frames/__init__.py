"""From the body of a request to the pixels of a frame."""
