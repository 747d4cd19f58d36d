"""Words of headlines: which say nothing of the story, which mean the same, which say that something rises or falls."""

from __future__ import annotations

from typing import Final

_STOP_WORDS: Final = """
a an the of to in on at for by with from as and or but is are was were be been it its his her their this that these those after before
over into about than more says say said sees see seen amid will would may might could can has have had not no new vs versus s t u
"""
STOP: Final = frozenset(_STOP_WORDS.split())
"""Words that most headlines could have."""

_MARKS_WORDS: Final = """
update wrapup rpt corrected correction refile exclusive breaking snapshot brief factbox analysis feature insight newsmaker timeline
column video text source sources report reports urgent
"""
MARKS: Final = frozenset(_MARKS_WORDS.split())
"""What agencies put before a headline or after it, and who says so."""

UNITS: Final = {
    **dict.fromkeys(("%", "pct", "percent", "pc", "percentage"), "%"),
    **dict.fromkeys(("mln", "million", "millions", "mn", "mm", "m"), "m"),
    **dict.fromkeys(("bln", "billion", "billions", "bn", "b"), "b"),
    **dict.fromkeys(("trln", "trillion", "trillions", "tn"), "t"),
}
"""Word after a number → its unit."""

_SAME: Final = """
us usa american america americans
uk britain british u.k
eu european europe
government govt govts governments
president presidential
percent pct
1 one first 1st
2 two second 2nd
3 three third 3rd
4 four fourth 4th
5 five fifth 5th
6 six sixth 6th
7 seven seventh 7th
8 eight eighth 8th
9 nine ninth 9th
10 ten tenth 10th
q quarter qtr quarterly qtrly
year yr annual yearly
month mth monthly
week wk weekly
share stock equity
result earning earnings
buy acquire purchase acquisition takeover buyout bought acquir purchas
die dead death kill killed dies fatal
chief ceo
fin finance finmin
min minister ministry
central cbank cenbank cbanks
japan japanese
china chinese
germany german
france french
spain spanish
italy italian
greece greek
russia russian
syria syrian
israel israeli
turkey turkish
iran iranian
egypt egyptian
cut reduc slash reduce
probe investigate investigation investigat inquiry
announce announc unveil
talk talks negotiation negotiate negotiat
storm hurricane
quake earthquake
plane jet aircraft airliner
"""

SAME_WORD: Final = {word: line.split()[0] for line in _SAME.splitlines() for word in line.split()}
"""Word, as it stands or without its ending → the word that stands for all that mean the same."""

_UP_WORDS: Final = """
up ris rise rose gain climb jump soar surg surge rally rallie higher high increas increase advanc advance rebound upgrad upgrade recover
grow grew top rais raise hik hike boost improv improve strengthen firm firmer beat swell
"""
UP: Final = frozenset(_UP_WORDS.split())
"""Rises, without endings."""

_DOWN_WORDS: Final = """
down fall fell drop slid slide slip declin decline tumbl tumble plung plunge sink sank lower low los lose loss lost decreas decrease
retreat downgrad downgrade shrink shrank weaken weaker slump plummet cut miss eas ease dip crash halv halve
"""
DOWN: Final = frozenset(_DOWN_WORDS.split())
"""Falls, without endings."""
