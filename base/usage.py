"""What a paid call used, in the vendor's own count: errors carry it too, so that no paid token is lost from sight."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LLMUsage:
    #: everything read, cached or not
    input_tokens: int
    #: of the input: read from the vendor's cache, at a lower price
    cached_tokens: int = 0
    #: of the input: written to the vendor's cache, at a higher price with some models
    cache_write_tokens: int = 0
    #: everything written, thoughts included
    output_tokens: int = 0
    #: of the output: thoughts nobody sees
    reasoning_tokens: int = 0
