"""Which way things move is part of a story's identity: "Apple shares +3.2%" and "-3.2%" are two, an upgrade and a downgrade too."""

from __future__ import annotations

from dataclasses import dataclass, field

from squall.stories.headline import Headline


@dataclass(slots=True)
class Moves:
    """What the headlines of a story said so far.

    Args:
        direction: +1 if things rise in it, −1 if they fall, 0 if no headline said so.
        signs: number without its sign → its sign.
    """

    direction: int = 0
    signs: dict[str, int] = field(default_factory=dict)

    def contradict(self, headline: Headline) -> bool:
        """Whether `headline` says the opposite: all falls in it and things rise in the story, or a number has the other sign."""
        if self.direction * headline.direction < 0:
            return True
        return any(self.signs.get(number, sign) != sign for number, sign in headline.signs)

    def add(self, headline: Headline) -> None:
        """Take up what `headline` says that was not said before."""
        self.direction = self.direction or headline.direction
        for number, sign in headline.signs:
            self.signs.setdefault(number, sign)
