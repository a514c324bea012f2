"""Forms of handles and names that blocking and comparing share: the same words, spelled as others spell them.

Comes in: profiles. Goes out: the letters of a handle, a name without spaces, and a name as a handle would spell it (in
Latin letters, either word first).
"""

import pyarrow as pa
import pyarrow.compute as pc

from identity.columns import Texts
from identity.handles import letters_of

#: a shorter name spells too many handles by chance
SHORTEST_SPELLED = 6
FORMS = pa.schema(
    [(name, pa.string()) for name in ("handle_letters", "name_glued", "name_spelled", "name_spelled_back")]
)


def forms_of(handle_core: Texts, name_key: Texts, name_latin: Texts) -> dict[str, Texts]:
    """The columns of FORMS, by name."""
    return {
        "handle_letters": letters_of(handle_core),
        "name_glued": pc.replace_substring(name_key, " ", ""),
        "name_spelled": _long_enough(pc.replace_substring(name_latin, " ", "")),
        "name_spelled_back": _long_enough(pc.replace_substring_regex(name_latin, r"^([^ ]+) ([^ ]+)$", r"\2\1")),
    }


def with_forms(profiles: pa.Table) -> pa.Table:
    """Profiles with their forms, anew where they have some."""
    bare = profiles.select([name for name in profiles.column_names if name not in FORMS.names])
    for name, column in forms_of(bare["handle_core"], bare["name_key"], bare["name_latin"]).items():
        bare = bare.append_column(name, column)
    return bare


def _long_enough(spelled: Texts) -> Texts:
    return pc.if_else(pc.greater_equal(pc.utf8_length(spelled), SHORTEST_SPELLED), spelled, None)
