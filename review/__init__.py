"""People look and decide: what is worth their time goes out as rows, their verdicts come in and are appended.

The next resolution obeys them; the machine never reverses them. Read `decide.py` (one verdict, a split), `queue.py`
(what is asked, and in which order), `sheet.py` (questions as a file and back), `answers.py` (a filled-in file).
"""
