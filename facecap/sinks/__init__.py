"""Where results go: a run folder, an annotated clip, a contact sheet, a summary."""
