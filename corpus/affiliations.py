"""Owners who belong together and are not one: agencies, couples, brands, schools, founders."""

from dataclasses import replace

from corpus.accounts import Account, Casting
from corpus.people import slug
from corpus.scene import famous, linked, tied, website


def ambassador(cast: Casting) -> list[Account]:
    """A brand's accounts name a famous face, whose page links the brand."""
    brand = cast.person(is_brand=True)
    site = f"https://{slug(brand.core)}.com"
    face = famous(cast)
    channel, page = cast.household(face, ["youtube", "instagram"])
    meets = f"meet our ambassador @{page.handle}"
    praise = cast.bio(face, f"ambassador @{slug(brand.core)}")
    return [
        cast.account(brand, "instagram", website=site, bio=cast.bio(brand, meets)),
        cast.account(brand, "x", website=site, bio=cast.bio(brand, f"meet @{page.handle} at our spring fair")),
        tied(channel, "ambassador_of", brand),
        tied(replace(page, website=f"{site}/{slug(face.given)}", bio=praise), "ambassador_of", brand),
    ]


def agency_mail(cast: Casting) -> list[Account]:
    """An agency's address in the profiles of a whole roster."""
    agency = cast.person(niche="business", is_brand=True)
    house = slug(agency.core)
    mail = f"talent@{house}.com"
    desk = cast.account(agency, "instagram", website=f"https://{house}.com", bio=f"We represent creators. {mail}")
    roster = []
    for _ in range(cast.crowd):
        creator = cast.person()
        for platform in cast.platforms(1 if cast.rng.random() < 0.6 else 2):
            bio = cast.bio(creator, f"mgmt {mail}" if cast.rng.random() < 0.7 else f"represented by @{desk.handle}")
            client = cast.account(creator, platform, bio=bio, email=mail if platform in {"tiktok", "x"} else None)
            roster.append(tied(client, "managed_by", agency))
    return [desk, *roster]


def network_block(cast: Casting) -> list[Account]:
    """A network's links under the videos of all its channels."""
    network = cast.person(niche="entertainment", is_brand=True)
    house = slug(network.core)
    block = (
        f"This channel is a partner of {network.name}: https://{house}.net",
        f"Instagram: https://www.instagram.com/{house}",
        f"Music licences: https://{house}.net/licence",
    )
    page = cast.account(
        network, "instagram", handle=cast.free_handle("instagram", house), website=f"https://{house}.net"
    )
    members = [cast.person() for _ in range(cast.crowd)]
    channels = [tied(cast.account(member, "youtube", boilerplate=block), "managed_by", network) for member in members]
    return [page, *channels, *(linked(cast, member, "x", channels[0]) for member in members[:1])]


def couple(cast: Casting) -> list[Account]:
    """Two private accounts and the accounts of the pair: three owners."""
    left, right = cast.person(niche="lifestyle"), cast.person(niche="lifestyle")
    duo = cast.person(niche="lifestyle", name=f"{left.given} and {right.given}")
    hers, his = cast.account(left, "instagram"), cast.account(right, "instagram")
    joint = cast.account(
        duo,
        "youtube",
        display_name=f"{left.given} & {right.given}",
        bio=cast.bio(duo, f"{left.given}: @{hers.handle}", f"{right.given}: @{his.handle}"),
        boilerplate=(f"instagram.com/{hers.handle}", f"instagram.com/{his.handle}"),
    )
    ours = cast.link("youtube", joint.handle or "")
    return [
        tied(replace(hers, bio=cast.bio(left, f"married to @{his.handle} 💍", ours)), "member_of", duo),
        tied(replace(his, bio=cast.bio(right, f"1/2 of @{joint.handle}")), "member_of", duo),
        joint,
        cast.account(duo, "tiktok", display_name=joint.display_name, bio=f"{ours} 💞"),
    ]


def two_hosts(cast: Casting) -> list[Account]:
    """A show and its two hosts, who all link the show's site."""
    show = cast.person(niche="society", is_brand=True)
    hosts = [
        tied(cast.account(cast.person(niche="society"), platform), "member_of", show) for platform in ("x", "instagram")
    ]
    named = " & ".join(f"@{host.handle}" for host in hosts)
    site = f"https://{slug(show.core)}.fm"
    own = [
        cast.account(show, "youtube", bio=cast.bio(show, f"podcast with {named}", site)),
        cast.account(show, "instagram", bio=cast.bio(show, f"hosted by {named}"), website=site),
    ]
    return [*own, *(replace(host, bio=f"{host.bio} | co-host of @{own[0].handle}", website=site) for host in hosts)]


def franchise(cast: Casting) -> list[Account]:
    """A brand and three branches with its name, bio and site."""
    brand = cast.person(is_brand=True)
    house = slug(brand.core)
    site = f"https://{house}.com"
    text = cast.bio(brand)
    head = [
        cast.account(brand, platform, display_name=brand.name, bio=text, website=website(platform, site))
        for platform in ("youtube", "instagram")
    ]
    branches = []
    for tail, country, label in cast.rng.sample(cast.vocabulary.names["countries"], k=3):
        (platform,) = cast.rng.choices(("instagram", "x", "youtube"))
        branch = cast.account(
            cast.person(is_brand=True, niche=brand.niche.id),
            platform,
            handle=cast.free_handle(platform, f"{house}_{tail.lower()}"),
            display_name=brand.name + label,
            bio=text,
            website=website(platform, f"{site}/{tail.lower()}"),
            country=country,
        )
        branches.append(tied(branch, "regional_of", brand))
    return [*head, *branches]


def duo_page(cast: Casting) -> list[Account]:
    """Two owners, one link page."""
    left, right = cast.person(), cast.person()
    page = f"https://linktr.ee/{slug(left.given)}and{slug(right.given)}"
    return [
        *(
            cast.account(left, platform, bio=cast.bio(left, page), website=website(platform, page))
            for platform in ("youtube", "instagram")
        ),
        *(
            tied(cast.account(right, platform, website=page), "partner_of", left)
            for platform in ("tiktok", "instagram")
        ),
    ]


def coach_school(cast: Casting) -> list[Account]:
    """A teacher and pupils who share one bio word for word."""
    leader = cast.person(niche=cast.rng.choice(("fitness", "business", "finance", "lifestyle")))
    word = cast.rng.choice(leader.niche.words)
    creed = f"I help people enjoy {word} in 90 days ✨ Certified coach ✨ DM me START"
    pupils = [cast.person(niche=leader.niche.id) for _ in range(cast.crowd - 2)]
    profiles = [
        tied(cast.account(pupil, cast.rng.choice(("instagram", "tiktok")), bio=creed), "pupil_of", leader)
        for pupil in pupils
    ]
    school = cast.account(leader, "youtube", bio=f"{creed}\nThe school of {leader.name}")
    return [school, *profiles, linked(cast, pupils[0], "youtube", profiles[0])]


def charity(cast: Casting) -> list[Account]:
    """A cause and its founder, two accounts each, on one site."""
    cause = cast.person(niche="society", is_brand=True)
    founder = cast.person(niche="society")
    site = f"https://{slug(cause.core)}.org"
    home = cast.account(founder, "x", bio=cast.bio(founder, f"founder of {cause.name}", site))
    says = cast.bio(founder, f"founder @{slug(cause.core)}")
    page = cast.account(founder, "instagram", bio=says, website=site)
    return [
        cast.account(cause, "youtube", bio=cast.bio(cause, f"founded by @{home.handle}", site)),
        cast.account(cause, "instagram", bio=cast.bio(cause), website=site),
        *(tied(account, "founder_of", cause) for account in (home, page)),
    ]
