"""Links of documents: shown as they were published, without what only tracks the reader; and compared."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_NOISE: Final = re.compile(r"[\x00-\x1f\x7f]")
_TRACKING_PREFIXES: Final = ("utm_", "mtm_", "itm_", "hsa_", "guce_", "piwik_", "matomo_")
_TABLE: Final = (
    # clicks on advertisements: Facebook, Google, Microsoft, Yandex, X, TikTok, Instagram, LinkedIn, Pinterest, Snapchat, Reddit, Impact
    "fbclid fb_action_ids fb_action_types fb_source gclid gclsrc dclid gbraid wbraid gad_source gad_campaignid srsltid msclkid yclid ymclid"
    " _openstat twclid ttclid igshid igsh li_fat_id epik sccid rdt_cid irclickid wickedid rb_clickid"
    # mailings: Mailchimp, Marketo, HubSpot, Olytics, Vero, Drip, MailerLite, dotdigital, Klaviyo
    " mc_cid mc_eid mkt_tok _hsenc _hsmi __hssc __hstc __hsfp hsctatracking oly_anon_id oly_enc_id vero_id vero_conv __s ml_subscriber"
    " ml_subscriber_hash dm_i _kx"
    # where a reader came from: Reuters, Bloomberg, BBC, Daily Mail, MSN, New York Times, Adobe, AT Internet, Comscore, Matomo, Google
    " cmpid feedtype feedname taid ito ocid smid s_cid icid xtor guccounter ref_src ref_url sr_share _ga _gl"
    " at_medium at_campaign at_campaign_type at_custom1 at_custom2 at_custom3 at_custom4 at_format at_link_id at_link_origin at_link_type"
    " at_ptr_name at_bbc_team ns_mchannel ns_source ns_campaign ns_linkname ns_fee"
    " pk_campaign pk_kwd pk_keyword pk_source pk_medium"
)
_TRACKING: Final = frozenset(_TABLE.split())
"""Parameters that say how a reader came to a page and never which page it is, in lower case. `ref`, `id` and `source` may say which."""
_USUAL: Final = re.compile(r"https?://[a-z0-9.-]++(?:/[!$-;=A-Z_a-z~]*+)?+")
"""A link without port, query and fragment, and with nothing that has to be written differently."""
_SURROGATES: Final = "surrogateescape"
"""Keeps bytes that are not UTF-8, such as those of a query in GBK."""


def trimmed(link: str) -> str:
    """Return `link` without tracking parameters, user and password, and otherwise byte for byte; text that is no link as it is."""
    link = link.strip() if link.isprintable() else _NOISE.sub("", link).strip()
    if "?" not in link and "#" not in link and "@" not in link:
        return link
    try:
        parts = urlsplit(link)
    except ValueError:
        return link
    if parts.username is not None or parts.password is not None:
        link = link.replace(f"//{parts.netloc}", f"//{parts.netloc.rpartition('@')[2]}", 1)
    if "?" not in link and "=" not in parts.fragment:
        return link
    rest, mark, fragment = link.partition("#")
    page, question, query = rest.partition("?")
    kept = "&".join(part for part in query.split("&") if not is_tracking(part.partition("=")[0])) if query else query
    question = question if kept or not query else ""
    if fragment and all(is_tracking(part.partition("=")[0]) for part in fragment.split("&")):
        mark = fragment = ""
    return f"{page}{question}{kept}{mark}{fragment}".rstrip()


def is_tracking(name: str) -> bool:
    """Return whether a parameter only tracks the reader."""
    name = name.lower()
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def link_key(link: str) -> str:
    """Return what equals the key of another link where both are the same link, differently written; never raises.

    Case of scheme and host, a default port, tracking parameters and how the query is escaped do not matter. Everything else does: path,
    parameters and their bytes, fragment (sites made of scripts name their pages after `#!`).
    """
    link = trimmed(link)
    if _USUAL.fullmatch(link):  # a key of itself
        return link
    try:
        parts = urlsplit(link)
        host, port = (parts.hostname or "").lower(), _port(link)
        if ":" in host:
            host = f"[{host}]"
        if port and (parts.scheme, port) not in {("http", 80), ("https", 443)}:
            host = f"{host}:{port}"
        query = urlencode(parse_qsl(parts.query, keep_blank_values=True, errors=_SURROGATES), errors=_SURROGATES)
        return urlunsplit((parts.scheme.lower(), host, parts.path, query, parts.fragment)).strip()
    except ValueError:
        return link


def _port(link: str) -> int | None:
    try:
        return urlsplit(link).port
    except ValueError:
        return None
