"""Names and places of invented people. Family names end in syllables that spell the index, so each is unique."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GIVEN_FEMALE = _words(
    "Abigail Aisha Amara Anita Beatriz Camila Carmen Chloe Daniela Deborah Elena Esther Fatima Gloria "
    "Grace Hannah Irene Jasmine Joyce Keisha Laila Linh Lucia Mai Maria Mei Naomi Olivia Patricia Rosa "
    "Ruth Shanice Sofia Tanya Yolanda Zara"
)
GIVEN_MALE = _words(
    "Aaron Ahmed Andre Antonio Benjamin Caleb Carlos Daniel Darius Diego Elijah Emilio Felix Gabriel "
    "Hassan Hector Isaac Jamal James Jorge Kofi Leonard Lucas Malik Marcus Mateo Minh Nathan Omar Pablo "
    "Rafael Samuel Terrence Victor Walter Xavier"
)
FAMILY = _words(
    "Abbott Alvarez Begay Bennett Brooks Castillo Chavez Coleman Diaz Ellis Fisher Flores Garcia Gibson "
    "Hall Hayes Herrera Ibrahim Jackson Jenkins Kim Lopez Martinez Mendoza Morris Nelson Nguyen Ortiz "
    "Owens Patel Perez Ramirez Reed Romero Sanchez Tran Tsosie Vargas Walker Yazzie"
)
STREETS = _words(
    "Arroyo Aspen Cedar Cholla Copper Cottonwood Juniper Mesa Mesquite Ocotillo Pinon Sage Saguaro Sandia "
    "Sierra Tamarisk Valle Willow Yucca Zuni"
)
PLACES = (
    ("Albuquerque", "Bernalillo", "87102"), ("Las Cruces", "Dona Ana", "88001"), ("Santa Fe", "Santa Fe", "87501"),
    ("Rio Rancho", "Sandoval", "87124"), ("Roswell", "Chaves", "88201"), ("Farmington", "San Juan", "87401"),
    ("Gallup", "McKinley", "87301"), ("Clovis", "Curry", "88101"), ("Hobbs", "Lea", "88240"), ("Taos", "Taos", "87571"),
)  # fmt: skip
STATE = "NM"

_CONSONANTS = "bdfgklmnprstvz"
_VOWELS = "aeiou"


def syllables(index: int) -> str:
    """A pronounceable word that only this index has: three syllables or more."""
    base = len(_CONSONANTS) * len(_VOWELS)
    word = ""
    while index or len(word) < 6:
        index, digit = divmod(index, base)
        word = _CONSONANTS[digit // len(_VOWELS)] + _VOWELS[digit % len(_VOWELS)] + word
    return word.capitalize()


def family_name(base: str, index: int) -> str:
    """A family name that no other member has, such as ``Ortiz-Babafe``."""
    return f"{base}-{syllables(index)}"
