"""Published items can be searched, also where servers are killed on the way."""

from urllib.parse import urlsplit

from examples.stack import SECOND, Stack

#: What runs once unless someone starts a second one.
SINGLE = ("scheduler", "triggerer")


def test_published_articles_can_be_searched(stack: Stack) -> None:
    stack.unpause("ingest")
    stack.wait_until(lambda: stack.press.visits.get("/feed.xml", 0) > 5, "the watcher polls the feed")
    expected = sorted(stack.press.publish(range(20)))
    stack.wait_until(lambda: stack.urls() == expected, "20 articles can be searched")
    assert stack.runs("ingest", "asset_triggered")
    # Airflow registers the event after the task has written, so the search can be ahead of it.
    stack.wait_until(lambda: _announced(stack) == 20, "the asset's events count each article once")


def _announced(stack: Stack) -> int:
    events = stack.ask("GET", "/assets/events?name_pattern=newswire_articles")["asset_events"]
    return sum(event["extra"]["written"] for event in events)


def test_killed_servers_lose_nothing(stack: Stack) -> None:
    before = stack.urls()
    expected = sorted(before + stack.press.publish(range(100, 130)))
    stack.wait_until(lambda: stack.press.has_shown(100, 130), "fetching has begun")
    for name in ("worker-1", "triggerer"):
        stack.kill(name)
        stack.start(name)
    expected = sorted(expected + stack.press.publish(range(130, 140)))
    stack.wait_until(lambda: stack.urls() == expected, "every article can be searched, once", seconds=400)


def test_a_feed_that_is_added_is_watched_at_once(stack: Stack) -> None:
    expected = sorted(stack.urls() + stack.press.publish(range(140, 145), feed="/second.xml"))
    stack.newswire("feeds", "add", f"{stack.press.origin}/second.xml", "--publisher", "Second Desk")
    stack.wait_until(lambda: stack.urls() == expected, "the new feed's articles can be searched")


def test_two_schedulers_and_two_triggerers_fetch_and_index_each_article_once(stack: Stack) -> None:
    for name in SINGLE:
        stack.start(f"{name}{SECOND}")
    stack.wait_until(lambda: len(running_jobs(stack)) == 4, "two schedulers and two triggerers are at work")
    known = set(stack.urls())
    published = stack.press.publish(range(170, 190))
    stack.wait_until(lambda: stack.urls() == sorted([*known, *published]), "20 articles can be searched")
    visits = stack.press.visits
    assert {visits[urlsplit(url).path] for url in published} == {1}


def test_of_two_schedulers_and_two_triggerers_one_of_each_can_die_at_work(stack: Stack) -> None:
    """It begins with both at work, as the test before ends; the others take over what the dead had begun."""
    known = stack.urls()
    expected = sorted(known + stack.press.publish(range(190, 220)))
    stack.wait_until(lambda: stack.press.has_shown(190, 220), "fetching has begun")
    before = running_jobs(stack)
    for name in SINGLE:
        stack.kill(name)
    expected = sorted(expected + stack.press.publish(range(220, 230)))
    stack.wait_until(lambda: stack.urls() == expected, "every article can be searched, once", seconds=400)
    for name in SINGLE:
        stack.start(name)
    stack.wait_until(lambda: len(running_jobs(stack) - before) == 2, "the dead are back")
    for name in SINGLE:
        stack.kill(f"{name}{SECOND}")


def running_jobs(stack: Stack) -> set[int]:
    """Return the numbers of the schedulers and triggerers that report to be well."""
    jobs = stack.ask("GET", "/jobs?job_state=running&is_alive=true")["jobs"]
    return {job["id"] for job in jobs if job["job_type"] in {"SchedulerJob", "TriggererJob"}}
