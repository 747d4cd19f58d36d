"""Words that tell what a name is doing, from `entities/data/context_words.toml`: lower case, one list per use."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

WORDS_FILE: Final = Path(__file__).parents[1] / "data" / "context_words.toml"
_LISTS: Final = tomllib.loads(WORDS_FILE.read_text(encoding="utf-8"))


def _words(name: str) -> frozenset[str]:
    return frozenset(_LISTS[name].split())


def _phrases(name: str) -> frozenset[str]:
    return frozenset(" ".join(phrase.split()) for phrase in _LISTS[name].split(",")) - {""}


def _per_word(name: str) -> Mapping[str, frozenset[str]]:
    return {word: frozenset(others.split()) for word, others in _LISTS[name].items()}


BUSINESS = _words("business")
FOLLOWS_COMPANY = _words("follows_company")
AUXILIARIES = _words("auxiliaries")
INFINITIVES = _words("infinitives")
MODIFIERS = _words("modifiers")
STRONG_AFTER = _words("strong_after")
STRONG_VERBS = STRONG_AFTER | _words("speech")
PRECEDES_COMPANY = _words("precedes_company")
BEFORE_OF = _words("before_of")
DETERMINERS = _words("determiners")
NOT_TICKERS = _words("not_tickers")
ORDINARY = _words("ordinary") | _words("classes")
RARE_WORDS = _words("rare_words")
AUTHORITY_VERBS = _words("authority_verbs")
AUTHORITY_ACTS = _words("authority_acts")
AUTHORITY_DID = _words("authority_did")
POLICY = _words("policy")
PLACES = _phrases("places")
TITLES = _words("titles")
THINGS = _words("things")
LONG_THINGS = _words("long_things")
BEFORE_THINGS = _words("before_things")
THINGS_OF = _words("things_of")
BEFORE_PLACES = _words("before_places")
PERSONAL_VERBS = _words("personal_verbs")
GIVEN_NAMES = _words("given_names")
PERSONS_NAMES = GIVEN_NAMES | _words("more_given_names")
NOT_ALONE = _words("not_alone") | GIVEN_NAMES
MOSTLY_NAMES = _words("mostly_names")
MARKET = _words("market")
INDEX_WORDS = _words("index_words")
NOT_COMPANY_AFTER = _per_word("not_company_after")
NOT_COMPANY_BEFORE = _per_word("not_company_before")

RATING_VERBS = _words("rating_verbs")
PLAIN_VERBS = _words("plain_verbs")
RATING_CONTEXT = _words("rating_context")
STRONG_RATING = _words("strong_rating")
STANCES = _words("stances")
ANALYSTS = _words("analysts")
RATED_BY = _words("rated_by")
RATED_VERBS = _words("rated_verbs")
BROKERS = _phrases("brokers")
AGENCIES = _phrases("agencies")
AGENCY_VERBS = _words("agency_verbs")
AGENCY_NOUNS = _words("agency_nouns")
INDEX_MOVES = _words("index_moves")
OWN_AFFAIRS = _words("own_affairs")
LAW_FIRMS = _phrases("law_firms")
COUNSEL = _phrases("counsel")
LAW_ENDS = _phrases("law_ends")
LAW_BEFORE = _phrases("law_before")
LAW_WORDS = _words("law_words")
LAWYERS_VERBS = _words("lawyers_verbs")
LEGAL_MATTERS = _words("legal_matters")
LAWYERS = _words("lawyers")
HIRES = _words("hires")
EXAMINATIONS = _words("examinations")
FINDS = _words("finds")
CALLS = _words("calls")
CALLED = _words("called")
RESEARCHERS = _phrases("researchers")
RESEARCHER_BEFORE = _phrases("researcher_before")
SHORT_REPORTS = _words("short_reports")
ACCUSES = _words("accuses")
ACCUSED = _words("accused")
HOUSE_ENDS = _phrases("house_ends")
HOUSE_BEFORE = _phrases("house_before")
MEDIA_ENDS = _phrases("media_ends")
MEDIUM_BEFORE = _phrases("medium_before")
EXCHANGE_ENDS = _phrases("exchange_ends")
EXCHANGE_STARTS = _words("exchange_starts")
EXCHANGE_BEFORE = _phrases("exchange_before")
FILINGS = _words("filings")
FROM_EXCHANGE = _words("from_exchange")
TRADED_THERE = _words("traded_there")
DELISTS = _words("delists")
WARNS = _words("warns")
SAYS = _words("says")
RECOMMENDS = _words("recommends")
TURNS = _words("turns")
TIPS = _words("tips")
EXPERTS = _words("experts")
EXPERT_MODIFIERS = _words("expert_modifiers")
EVENTS = _words("events")
GRADES = _words("grades")
POSTS = _words("posts")
AFFECTS = _words("affects")
HAPPENS = _words("happens")
SOLICITS_STRONGLY = _phrases("solicits_strongly")
SOLICITS = _phrases("solicits")
MEDIA = _phrases("media")
AUTHOR_BEFORE = _words("author_before")
AUTHOR_AFTER = _words("author_after")
EXCHANGES = _phrases("exchanges")
EXCHANGE_AFTER = _words("exchange_after")
TRADED_AFTER = _words("traded_after")
TRADED_BEFORE = _words("traded_before")
ASIDE_BEFORE = _words("aside_before")
DESCRIPTORS = _words("descriptors")
LEGAL_FORMS = _words("legal_forms")
