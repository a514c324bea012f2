"""Prompt files and their loader: a name and a version in, rendered text out.

A prompt is `<name>/v<N>.md`; a released file is never edited, and `prompts.lock` holds it to that. Read `catalog.py`.
"""
