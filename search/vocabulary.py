"""The words the query parser knows. Lower case; a word that is missing here is simply searched for."""

#: as written → platform
PLATFORM_WORDS = {
    "youtube": "youtube", "yt": "youtube", "instagram": "instagram", "ig": "instagram", "insta": "instagram",
    "tiktok": "tiktok", "tik tok": "tiktok", "twitter": "x", "x": "x", "twitch": "twitch", "github": "github",
    "facebook": "facebook", "linkedin": "linkedin", "pinterest": "pinterest", "threads": "threads",
}  # fmt: skip

#: what is looked for goes without saying
ROLE_WORDS = (
    r"(?:content\s+)?creators?", "influencers?", "accounts?", "channels?", "profiles?", "bloggers?", "vloggers?",
    "streamers?",
)  # fmt: skip

#: say nothing about a creator; kept inside the text for its meaning, not looked up as words
STOP_WORDS = frozenset(
    """
    a about an and any are as at be by do does find for from get give good great have i in is it like looking me my new
    of on or our show some someone that the their them these they this to want we what which who whose with you your
    """.split()  # noqa: SIM905  a list of forty words reads better as prose
)

#: as written → ISO 639-1
LANGUAGES = {
    "arabic": "ar", "bengali": "bn", "chinese": "zh", "mandarin": "zh", "czech": "cs", "danish": "da", "dutch": "nl",
    "english": "en", "finnish": "fi", "french": "fr", "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi",
    "hungarian": "hu", "indonesian": "id", "italian": "it", "japanese": "ja", "korean": "ko", "malay": "ms",
    "norwegian": "no", "persian": "fa", "polish": "pl", "portuguese": "pt", "romanian": "ro", "russian": "ru",
    "spanish": "es", "swedish": "sv", "tamil": "ta", "telugu": "te", "thai": "th", "turkish": "tr", "ukrainian": "uk",
    "urdu": "ur", "vietnamese": "vi",
}  # fmt: skip

#: as written → ISO 3166-1 alpha-2
COUNTRIES = {
    "argentina": "AR", "australia": "AU", "austria": "AT", "bangladesh": "BD", "belgium": "BE", "brazil": "BR",
    "canada": "CA", "chile": "CL", "china": "CN", "colombia": "CO", "czechia": "CZ", "denmark": "DK", "egypt": "EG",
    "finland": "FI", "france": "FR", "germany": "DE", "greece": "GR", "hungary": "HU", "india": "IN", "indonesia": "ID",
    "ireland": "IE", "israel": "IL", "italy": "IT", "japan": "JP", "kenya": "KE", "korea": "KR", "south korea": "KR",
    "malaysia": "MY", "mexico": "MX", "morocco": "MA", "netherlands": "NL", "new zealand": "NZ", "nigeria": "NG",
    "norway": "NO", "pakistan": "PK", "peru": "PE", "philippines": "PH", "poland": "PL", "portugal": "PT",
    "romania": "RO", "russia": "RU", "saudi arabia": "SA", "singapore": "SG", "south africa": "ZA", "spain": "ES",
    "sweden": "SE", "switzerland": "CH", "taiwan": "TW", "thailand": "TH", "turkey": "TR", "ukraine": "UA",
    "united arab emirates": "AE", "uae": "AE", "united kingdom": "GB", "uk": "GB", "united states": "US", "usa": "US",
    "us": "US", "vietnam": "VN",
}  # fmt: skip
