"""People look and decide: two accounts and a verdict come in, one appended judgement goes out.

The next resolution obeys it; the machine never reverses it. Read `decide.py`.
"""
