"""What belongs to one tenant alone: its keys, notes, lists and hidden creators, in a small store of their own.

The graph of creators and the index are shared and know no tenant; everything here is reached through a tenant's id.
Read `keys.py` (what a key is), `database.py` (the tables), `overlay.py` (what a tenant sees and writes).
"""
