"""The story that an id stands for today."""

from pipeline.errors import UsageError
from pipeline.model.query import Query
from pipeline.ports import SearchStore, Stories


def follow_story(story_id: str, stories: Stories, store: SearchStore) -> str:
    """Return the story that this one was merged into, or itself. Raises UsageError where there is none."""
    story = stories.story(story_id)
    # An index may have come here without the ledger that its stories were found with.
    if story is None and (not story_id or store.search(Query(story=story_id, limit=0)).total == 0):
        raise no_story(story_id)
    return story.id if story else story_id


def no_story(story_id: str) -> UsageError:
    """Return what is said of a story that is not there."""
    return UsageError(f"there is no story {story_id!r}; newswire stories lists them")
