"""What names that only the network found do in a text: as those of the table they rate, advise, solicit, tell or trade, or are subjects.

In the texts `{role:name}` is an organisation that the network marked, `{role/PER:name}` a person. The first half of each kind was read to
make the rules; the second half (`_CONTROL`) was written before them too and only checks.
"""

from __future__ import annotations

import re

import pytest

from squall.entities.linking.link import Role
from tests.support.linkers import shipped

_MARKED = re.compile(r"\{(\w+)(?:/(\w+))?:([^}]*)\}")
_ROLES = {
    "s": Role.SUBJECT,
    "rater": Role.RATER,
    "law": Role.LAW_FIRM,
    "solicited": Role.SOLICITATION,
    "exchange": Role.EXCHANGE,
    "author": Role.AUTHOR,
}

_LAW = [
    "{law:Rosen Law Firm} reminds holders of {solicited:Quuxing} of the deadline",
    "{law:Zorn & Pell LLP} encourages {solicited:Quuxing Motors} stockholders with losses to act",
    "{law:Law Offices of Peter Zorn} continues its investigation of {solicited:Quuxing Corp} on behalf of holders",
    "{law:The Zorn Law Firm, P.C.} announces probe of {solicited:Quuxing}: did you lose money?",
    "{law:Sullivan & Cromwell} advised {s:Quuxing} on the sale of its mine",
    "{s:Quuxing} hires {law:Kirkland & Ellis} for its probe",
    "{s:Quuxing} taps law firm {law:Zorn Pell} to review complaints",
    "{s:Quuxing} was represented by {law:Latham & Watkins} in the talks",
    "{s:Quuxing} fired its chief after a report by {law:Freshfields}",
    "{law:Quinn Emanuel} lawyer {author/PER:Alex Zorn} says {s:Quuxing} will appeal",
    "{law:Zorn, Pell & Hardy} represents {s:Quuxing} bondholders in the dispute",
    "Lawyers at {law:Jones Day} say {s:Quuxing} hid the leak",
    "{s:Quuxing} to buy {s:Pellora}; {law:Davis Polk} and {law:Skadden} are legal advisers",
    "{s:Quuxing} retains {law:WilmerHale} over bribery claims",
    "{s:Quuxing} hires {law:Kirkland} & {law:Ellis} for its probe",
    "{law:Rosen} Law Firm reminds holders of {solicited:Quuxing} of the deadline",
    "{law:Zorn} & Pell LLP reminds {solicited:Quuxing} investors of the deadline",
]
_LAW_CONTROL = [
    "{law:Harbeck Law Group} urges {solicited:Trevanta} purchasers to contact it before May 3",
    "{law:Bragg & Stone, P.C.} alerts {solicited:Trevanta Bio} shareholders to a class period",
    "{law:Lindholm Attorneys} investigates {solicited:Trevanta} for possible violations of securities laws",
    "{law:Cravath, Swaine & Moore} acted for {s:Trevanta} in the merger",
    "{s:Trevanta} board engages {law:Gibson Dunn} to look into expenses",
    "{s:Trevanta} has hired lawyers from {law:Clifford Chance}",
    "{s:Trevanta}'s outside counsel {law:Debevoise & Plimpton} found no wrongdoing",
    "{law:Linklaters} is advising {s:Trevanta} on its defence",
    "{law:Bragg, Stone & Moore} sued {s:Trevanta} on behalf of retired miners",
    "{s:Trevanta} misled investors, says law firm {law:Harbeck Stone}",
    "Independent review of {s:Trevanta} by {law:Herbert Smith Freehills} clears chairman",
    "{law:Slaughter and May} advises {s:Trevanta} on bond swap",
    "{s:Trevanta} appoints {law:Allen & Overy} for internal investigation",
]
_RATERS = [
    "{rater:Grizzly Research}'s bear report on {s:Quuxing} sinks shares",
    "{rater:Hindenburg} report accuses {s:Quuxing} of fraud",
    "{s:Quuxing} slides after {rater:Muddy Waters} report",
    "{rater:Zornbank Capital Markets} cuts {s:Quuxing} to hold",
    "{rater:Zorn Pell} downgrades {s:Quuxing} to underperform",
    "{s:Quuxing} cut to sell at {rater:Bryan Garnier}",
    "{s:Quuxing} price target raised to $12 by {rater:Pellora Securities}",
    "{rater:Berenberg} cuts {s:Quuxing}",
    "{rater:Zornbank} Securities cuts {s:Quuxing} to hold",
    "{rater:Pell Ratings} affirms {s:Quuxing} at BB; outlook stable",
    "{rater:Zorn Research}: {s:Quuxing} could halve",
    "{s:Quuxing} shipments fell 9%, {rater:Zorn Research} says",
    "{rater:Pellora} analyst {rater/PER:Jane Zorn} says {s:Quuxing} is cheap",
    "Short seller {rater:Culper} says {s:Quuxing} inflated sales",
    "Sell {s:Quuxing} with target of Rs 500: {rater/PER:Ashwani Zornal}",
    "Buy {s:Quuxing} for target of Rs 1,240: {rater:Pell Broking}",
    "{rater/PER:Jim Zorn} says he would buy {s:Quuxing} here",
    "{rater/PER:Sudarshan Pell}: Hold {s:Quuxing}, stop loss Rs 80",
    "{rater/PER:Prakash Zornal} recommends buying {s:Quuxing} and {s:Pellora}",
    "{author:CNBC}'s {rater/PER:Jim Zorn} would sell {s:Quuxing} before earnings",
    "{s:Quuxing} may double, says analyst {rater/PER:Jane Zorn} of {rater:Pell Capital}",
    "Top picks of {rater/PER:Ashwani Zornal}: {s:Quuxing}, {s:Pellora}",
    "Nifty may slip further: {rater/PER:Sanjay Zorn}, {rater:Pellora}",
    "Strategist {rater/PER:Jane Zorn} is bullish on {s:Quuxing}",
    "{rater:Glass Lewis} urges {s:Quuxing} holders to vote against pay",
]
_RATERS_CONTROL = [
    "{rater:Spruce Point} publishes short report on {s:Trevanta}",
    "{rater:Larkspur Research} alleges {s:Trevanta} faked its trial",
    "{s:Trevanta} hits back at {rater:Larkspur Research} claims",
    "{rater:Larkspur Securities} initiates coverage of {s:Trevanta} with buy",
    "{rater:Harbeck Equities} lifts {s:Trevanta} target to 340p",
    "{s:Trevanta} upgraded to overweight by {rater:Harbeck Stone}",
    "{s:Trevanta} started at outperform at {rater:Larkspur & Co}",
    "{rater:Larkspur Ratings} puts {s:Trevanta} on watch negative",
    "{rater:Counterpoint Research} says {s:Trevanta} lost share in phones",
    "{s:Trevanta} is worth half its price, according to {rater:Larkspur Research}",
    "{rater:Harbeck Stone} strategist {rater/PER:Tom Larkspur} expects {s:Trevanta} to lag",
    "Accumulate {s:Trevanta}; target of Rs 210: {rater:Harbeck Securities}",
    "{s:Trevanta} can go to Rs 900, buy on dips: {rater/PER:Mitesh Harbeck}",
    "{rater/PER:Tom Larkspur} says buy {s:Trevanta}, sell {s:Ostrella}",
    "{rater/PER:Mitesh Harbeck}'s top buys: {s:Trevanta} and {s:Ostrella}",
    "{rater/PER:Tom Larkspur} likes {s:Trevanta} more than {s:Ostrella}",
    "{author:CNBC}'s {rater/PER:Tom Larkspur} says {s:Trevanta} is a buy",
    "Economist {rater/PER:Ann Larkspur} sees slump for {s:Trevanta}",
    "Avoid {s:Trevanta}, says {rater/PER:Mitesh Harbeck}",
    "{s:Trevanta} falls as short seller {rater:Larkspur} questions its books",
    "{rater:ISS} recommends {s:Trevanta} holders reject bid",
]
_AUTHORS = [
    "{author:PR Newswire} - {s:Quuxing} appoints finance chief",
    "{s:Quuxing} to cut 300 jobs - {author:CNBC}",
    "{s:Quuxing} plans sale of unit – {author:Zornville Gazette}",
    "{author:Zornville Times} reports {s:Quuxing} is for sale",
    "{s:Quuxing} boss told {author:CNBC} sales are soaring",
    "{s:Quuxing} is for sale, according to {author:Electrek}",
    "{s:Quuxing} fined 3 mln | {author:Electrek}",
    "{s:Quuxing} to open plant, chief tells {author:Zorn Daily}",
    "{s:Quuxing} will not raise prices: chief {author/PER:Jane Zorn}",
    "{author/PER:Jane Zorn} says {s:Quuxing} will open two plants",
]
_AUTHORS_CONTROL = [
    "{author:Business Wire} -- {s:Trevanta} declares dividend",
    "{s:Trevanta} weighs bid for {s:Ostrella} - {author:Larkspur Herald}",
    "{s:Trevanta} in talks with lenders, {author:Seeking Alpha} says",
    "{s:Trevanta} said in an interview with {author:Moneycontrol} that it is growing",
    "{author:Larkspur Post}: {s:Trevanta} near deal",
    "{s:Trevanta} loses licence (via {author:The Register})",
    "{s:Trevanta} halts line - {author:InsideEVs}",
    "{s:Trevanta} is on track, says {author/PER:Tom Larkspur}",
]
_EXCHANGES = [
    "{s:Quuxing} suspended by {exchange:Deutsche Boerse}",
    "{exchange:NYSE} to delist {s:Quuxing}",
    "{s:Quuxing} lists on {exchange:LSE}",
    "{s:Quuxing} to move its listing to {exchange:Zornstan Stock Exchange}",
    "{s:Quuxing} gets notice from {exchange:NYSE} over share price",
    "{exchange:Zornstan Stock Exchange} halts trading in {s:Quuxing}",
    "{s:Quuxing} tells {exchange:BSE} it has no news",
    "{s:Quuxing} delisted from {exchange:Euronext}",
]
_EXCHANGES_CONTROL = [
    "{exchange:Bursa Larkspur} suspends {s:Trevanta} shares",
    "{s:Trevanta} debuts on {exchange:HKEX} after long wait",
    "{exchange:Nasdaq} warns {s:Trevanta} over late report, may delist it",
    "{s:Trevanta} said in a filing to {exchange:NSE} it lost a court case",
    "{s:Trevanta} uplists to {exchange:Nasdaq}",
    "{s:Trevanta} halted by {exchange:Larkspur Securities Exchange} pending news",
]
_OWN = [
    "{s:Freshfields} to merge New York office with {s:Zorn Pell LLP}",
    "{s:Kirkland & Ellis} partner quits",
    "{s:Zorn Law Firm} files for bankruptcy",
    "{s:Dewey & LeBoeuf} lays off 66 lawyers",
    "{s:Skadden} fined over work for Ukraine",
    "{s:Hindenburg Research} shuts down",
    "{s:Quuxing} sues {s:Grizzly Research} for defamation",
    "{s:Zorn Securities} cuts 200 jobs",
    "{s:Pell Ratings} sold to {s:Quuxing}",
    "{s:Zorn Research} profit falls",
    "{s:Quuxing} analyst day disappoints",
    "{s:Quuxing} raises {s:Pellora} stake",
    "{s:Nasdaq} to buy {s:Adenza}",
    "{s:Zornstan Stock Exchange} hit by outage",
    "{s:Deutsche Boerse} profit rises",
    "{s:CNBC} to be spun off",
    "{s:Zornville Times} cuts a third of its newsroom",
    "{s:PR Newswire} bought by {s:Quuxing}",
    "{s/PER:Elizabeth Zorn} sentenced to 11 years over {s:Quuxing}",
    "{s:Quuxing} fires analyst {s/PER:Jane Zorn}",
    "{s:Quuxing} has a new chief: {s/PER:Jane Zorn}",
    "{s/PER:Jane Zorn} leaves {s:Quuxing}",
    "Report says {s/PER:Jane Zorn} lied about {s:Quuxing}",
    "Court filing says {s:Zorn Securities} hid losses",
    "{s:Procter & Pell} buys {s:Quuxing}",
    "{s:Zorn} & {s:Pell} merge with {s:Quuxing}",
    "{s:Quuxing} cuts prices as {s:Pellora} gains",
]
_LOOK_ALIKES = [
    "{s:Quuxing} raises sales target as {s:Pellora} gains",
    "{s:Quuxing} lifts sales target for {s:Pellora} unit",
    "{s:Quuxing} cuts price to sell {s:Pellora} cars",
    "{s:Quuxing} taps {s:Pellora} to sell mines",
    "{s:Quuxing} chief economist quits for {s:Pellora}",
    "Former {s:Quuxing} analyst charged over {s:Pellora} trades",
    "{s/PER:Jane Zorn}, analyst at {s:Quuxing}, charged with fraud",
    "{s:Zornville Times} says it will cut jobs",
    "{s:Zornville Times} reports first-quarter loss as {s:Quuxing} pulls ads",
    "{s:Quuxing} to buy stake in {s:BSE}",
    "{s:Quuxing} sues law firm {s:Zorn Pell}",
    "Law firm {s:Zorn Pell} fined over {s:Quuxing} files",
    "{s:Quuxing} listing lifts {s:Zornstan Stock Exchange}",
    "Supplier of Tesla cuts jobs - {s:Quuxing Motors}",
]
_OWN_CONTROL = [
    "{s:Linklaters} revenue tops 2 bln pounds",
    "{s:Harbeck Stone LLP} hacked, files of clients stolen",
    "Former {s:Clifford Chance} partner charged with fraud",
    "{s:Latham & Watkins} and {s:Larkspur Stone} call off merger",
    "{s:Muddy Waters} founder steps down",
    "{s:Larkspur Research} raided by police over {s:Trevanta} report",
    "{s:Harbeck Securities} shares plunge",
    "{s:Larkspur Capital Markets} hires 20 bankers",
    "{s:Trevanta} buys {s:Larkspur Ratings} for $40 million",
    "{s:Berenberg} cuts 50 jobs in New York",
    "{s:Trevanta} analysts meeting postponed",
    "{s:Trevanta} lifts offer for {s:Ostrella}",
    "{s:LSE} rejects bid from {s:HKEX}",
    "{s:Larkspur Stock Exchange} chief resigns",
    "{s:NYSE} fined over glitch",
    "{s:Larkspur Post} to go online only",
    "{s:Business Wire} goes down for hours",
    "{s:Trevanta} sues {s:Larkspur Herald}",
    "{s/PER:Tom Larkspur} arrested over {s:Trevanta} trades",
    "{s:Trevanta} sacks strategist {s/PER:Ann Larkspur}",
    "{s:Trevanta} names finance chief: {s/PER:Ann Larkspur}",
    "{s/PER:Ann Larkspur} to join {s:Trevanta} board",
    "{s:Johnson & Harbeck} recalls powder",
    "{s:Trevanta} hires {s:Stone & Harbeck} to build plant",
]

_BUILDING = [*_LAW, *_RATERS, *_AUTHORS, *_EXCHANGES]
_CONTROL = [*_LAW_CONTROL, *_RATERS_CONTROL, *_AUTHORS_CONTROL, *_EXCHANGES_CONTROL]


def read(marked: str) -> tuple[str, list[tuple[int, int, str]], dict[str, Role]]:
    """Return the text, what the network found, and name → role."""
    text, at, names, roles = "", 0, [], {}
    for match in _MARKED.finditer(marked):
        text += marked[at : match.start()]
        names.append((len(text), len(text) + len(match[3]), match[2] or "ORG"))
        roles[match[3]] = _ROLES[match[1]]
        text += match[3]
        at = match.end()
    return text + marked[at:], names, roles


def found(text: str, names: list[tuple[int, int, str]]) -> dict[str, Role]:
    """Return name → role of the network's names, as the shipped linker finds them."""
    links = shipped().link(text, names=names, names_within=[(0, len(text))])
    return {text[start:end]: next((link.role for link in links if start <= link.start < end), Role.LISTING) for start, end, _ in names}


@pytest.mark.parametrize("marked", [*_BUILDING, *_CONTROL])
def test_a_found_name_that_acts_on_others_is_no_subject(marked: str) -> None:
    text, names, expected = read(marked)
    assert found(text, names) == expected


@pytest.mark.parametrize("marked", [*_OWN, *_LOOK_ALIKES, *_OWN_CONTROL])
def test_a_found_name_with_news_of_its_own_is_a_subject(marked: str) -> None:
    text, names, expected = read(marked)
    assert found(text, names) == expected
