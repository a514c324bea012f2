"""The names of the four platforms that have short forms; any other lower-case name is a platform of its own."""

#: accepted on the way in → stored
PLATFORM_ALIASES = {"yt": "youtube", "ig": "instagram", "tt": "tiktok", "twitter": "x"}
