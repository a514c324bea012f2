"""The embedders that run on this machine, by the name they have in the settings."""

from pathlib import Path

from base.errors import ConfigError
from base.extras import needs_extra
from providers.embedder import Embedder


def load_embedder(provider: str, model_dir: Path | None = None) -> Embedder:
    """The embedder named `provider` (`minilm` or `fast`), ready to run; nothing is downloaded.

    model_dir: folder with the model's files, when they are not where `providers/weights.py` looks.
    Raises ConfigError when the name is unknown, its runtime is not installed, or the files are not the pinned ones.
    """
    # Imported here: a run with one model must not need the runtime of the other.
    if provider == "minilm":
        with needs_extra("local"):
            from providers.minilm import MiniLM

        return MiniLM(model_dir)
    if provider == "fast":
        with needs_extra("local"):
            from providers.static import StaticEmbedder

        return StaticEmbedder(model_dir)
    raise ConfigError(f"no embedding provider {provider!r}", hint="set embeddings.provider to minilm or fast")
