"""The words that sample leads are made of; a word listed twice comes up twice as often."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "COMMENTS",
    "COUNTRIES",
    "FIRM_HEADS",
    "FIRM_TAILS",
    "FIRST_NAMES",
    "INDUSTRIES",
    "LAST_NAMES",
    "OWNERS",
    "SOURCES",
    "TITLES",
]

FIRM_HEADS = (
    *("Alder", "Amber", "Atlas", "Aurora", "Basalt", "Birch", "Blue Harbour", "Bright", "Cedar", "Cobalt"),
    *("Copper", "Delta", "Echo", "Elm", "Falcon", "Fjord", "Granite", "Hafen", "Harvest", "Hearth"),
    *("Indigo", "Iron", "Juniper", "Kestrel", "Lark", "Lumen", "Maple", "Meridian", "Nord", "Nova"),
    *("Ocean", "Onyx", "Pine", "Polar", "Quartz", "River", "Sable", "Sierra", "Søndergård", "Summit"),
    *("Tern", "Tide", "Umbra", "Vale", "Vector", "Weiß & Söhne", "Willow", "Yarrow", "Zenith", "Žižka"),
)
FIRM_TAILS = (
    *("Analytics", "Biotech", "Capital", "Cloud", "Components", "Foods", "Freight", "Health", "Insurance"),
    *("Labs", "Logistics", "Machines", "Media", "Networks", "Partners", "Pharma", "Robotics", "Retail"),
    *("Services", "Software", "Systems", "Textiles", "Tools", "Works"),
)

COUNTRIES: tuple[tuple[str, str, str], ...] = (
    *(("US", "AMER", "Inc."),) * 9,
    *(("DE", "EMEA", "GmbH"),) * 5,
    *(("GB", "EMEA", "Ltd"),) * 4,
    *(("FR", "EMEA", "SARL"),) * 3,
    *(("IN", "APAC", "Pvt Ltd"),) * 3,
    *(("CA", "AMER", "Inc."),) * 2,
    *(("JP", "APAC", "K.K."),) * 2,
    *(("NL", "EMEA", "B.V."),) * 2,
    ("AU", "APAC", "Pty Ltd"),
    ("BR", "AMER", "Ltda."),
    ("CZ", "EMEA", "s.r.o."),
    ("DK", "EMEA", "A/S"),
    ("MX", "AMER", "S.A. de C.V."),
    ("NO", "EMEA", "AS"),
    ("PL", "EMEA", "Sp. z o.o."),
    ("SG", "APAC", "Pte. Ltd."),
)
"""Country code, sales region, legal form of a firm."""

INDUSTRIES: Mapping[str, float] = {
    "software": 0.7,
    "finance": 0.5,
    "healthcare": 0.2,
    "manufacturing": 0.3,
    "retail": -0.1,
    "logistics": 0.0,
    "education": -0.6,
    "public sector": -0.4,
    "media": -0.2,
    "other": -0.3,
}
"""How much more a firm of an industry buys, on the scale of log-odds."""

SOURCES: Mapping[str, float] = {
    "Referral": 0.9,
    "Webinar": 0.3,
    "Trade fair": 0.2,
    "Content download": 0.0,
    "Search ad": -0.1,
    "Partner": 0.5,
    "Purchased list": -1.2,
}

TITLES: Mapping[str, float] = {
    "CEO": 0.5,
    "CTO & co-founder": 0.8,
    "Chief Marketing Officer": 0.9,
    "Geschäftsführer": 0.6,
    "VP Sales": 0.8,
    "VP, Marketing": 0.9,
    "Director of IT": 0.6,
    "Directrice commerciale": 0.6,
    "Head of Data": 0.7,
    "head of marketing operations": 0.9,
    "Marketing Manager": 0.4,
    "IT manager": 0.2,
    "Senior Data Scientist": 0.3,
    "Software Engineer": -0.1,
    "マーケティング部長": 0.5,
    "Consultant": -0.4,
    "Sales Assistant": -0.5,
    "Intern": -1.0,
    "Student": -1.6,
    "Professor": -0.9,
}

OWNERS = (
    *("A. Berger", "B. Costa", "C. Dvořák", "D. Ekström", "E. Fischer", "F. Grant", "G. Haddad", "H. Ito"),
    *("I. Jensen", "J. Kowalska", "K. Laurent", "L. Mehta"),
)
FIRST_NAMES = (
    *("ada", "amir", "anna", "ben", "carla", "chen", "dana", "emil", "fatima", "georg", "hana", "ines"),
    *("jan", "kofi", "lena", "luca", "maya", "nils", "olga", "priya", "rosa", "sam", "tomas", "yuki"),
)
LAST_NAMES = (
    *("adeyemi", "bauer", "castro", "dubois", "eriksen", "ferrari", "garcia", "hansen", "ivanova", "jones"),
    *("kim", "larsen", "moreau", "nakamura", "novak", "obrien", "patel", "rossi", "schmidt", "tanaka"),
)

COMMENTS = (
    "Called, no answer.",
    "Met at the fair, wants a demo in autumn",
    'Said: "send me the prices, then we talk"',
    "Budget is approved, decision by the board",
    "Left the company?\nAsk for the successor.",
    "1. asked for references\n2. asked for a trial\n3. silence",
    "Interested; compares us with two others, one of them cheaper",
    "Möchte ein Angebot für 250 Plätze, Rücksprache mit Herrn Weiß",
    "Très intéressée, à rappeler après l'été",
    "資料を送付済み",
    "יש לחזור אליו אחרי החגים",
    "Great call 👍, sends us the list of systems",
    "Do not call before 10:00, prefers e-mail",
    'Signature reads "R&D, 3rd floor", so not the buyer',
    "=SUM(A1:A9) was pasted here by mistake",
    "Tabs\there, and a backslash \\ too",
)
