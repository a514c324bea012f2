"""Models behind ports: the only room that knows a vendor's API or a local model's runtime.

Exports nothing, so that search can import an embedder without reaching an LLM. Read `embedder.py` and `llm.py`
(the two protocols), then the implementation you need.
"""
