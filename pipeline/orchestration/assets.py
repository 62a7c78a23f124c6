"""The assets that DAGs watch and announce. Imported at every parse of a DAG file: Airflow and the standard library alone."""

from airflow.sdk import Asset, AssetAlias, AssetWatcher

from pipeline.orchestration.feed_watch import FeedWatchTrigger

#: Its event is a doorbell: live entries wait in the inbox, or pages to be visited again, however many, whatever it says.
FEEDS = Asset("newswire_feeds", watchers=[AssetWatcher(name="feed_watch", trigger=FeedWatchTrigger())])
#: A batch has become searchable; the event's extra says how many articles, and how its URLs ended. If the task was tried again,
#: the numbers of this and the next can be too small: see dags/ingest.py.
ARTICLES = Asset("newswire_articles")
#: Stories have begun or grown, or may have; the event's extra says how many. ``newswire stories --sort newest`` shows them.
STORIES = Asset("newswire_stories")
#: What a task has as its outlet that announces stories only where some have changed: an outlet's event always goes out.
STORY_CHANGES = AssetAlias("newswire_story_changes")
#: Saved searches have noticed something; the event's extra holds the alerts. ``newswire alerts list`` shows them.
ALERTS = Asset("newswire_alerts")
#: What a task has as its outlet that announces alerts only where there are some.
ALERT_NEWS = AssetAlias("newswire_alert_news")
#: A day's maintenance is done; the event's extra holds the numbers of its report.
MAINTENANCE = Asset("newswire_maintenance")
