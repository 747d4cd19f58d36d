"""Near-copies and re-tellings form a story: which one a document belongs to, how large it is by then, how new the document is in it.

Pure: no clock, no files, no network; documents in, `StoryMember`s out. Documents are added in the order of event time, by one owner: which
story a headline joins depends on what was said before it. That owner is the process that runs the detector (`squall.alerts.stories`), over
what all workers stored: docs/stories.md says why, and how it would be partitioned beyond that.
"""

from squall.stories.headline import Headline, read_headline
from squall.stories.member import LINKED_WINDOWS, NOVELTY, StoryMember
from squall.stories.state import Remembered
from squall.stories.story_index import Incoming, StoryIndex

__all__ = ["LINKED_WINDOWS", "NOVELTY", "Headline", "Incoming", "Remembered", "StoryIndex", "StoryMember", "read_headline"]
