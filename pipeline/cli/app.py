"""The command's frame: its groups, its way to say what went wrong, and its exit codes.

0: done. 1: something that time or an operator may mend (a store is down, every feed fails, the ledger does not balance),
or a page that is no article. 2: bad input.
"""

import logging
import sys

import typer

from pipeline.cli import console
from pipeline.cli.alerts import alerts
from pipeline.cli.annotate import annotate
from pipeline.cli.backfill import backfill
from pipeline.cli.backup import backup, restore
from pipeline.cli.dead_letters import dead_letters
from pipeline.cli.entities import entities
from pipeline.cli.extract import extract
from pipeline.cli.feeds import feeds
from pipeline.cli.filters import QueryCommand
from pipeline.cli.history import history
from pipeline.cli.index import index
from pipeline.cli.ingest import ingest
from pipeline.cli.ledger import ledger
from pipeline.cli.maintain import maintain
from pipeline.cli.replay import replay
from pipeline.cli.search import search, serve
from pipeline.cli.searches import searches
from pipeline.cli.stories import stories
from pipeline.errors import NewswireError, Reject, UsageError

app = typer.Typer(
    name="newswire",
    help="News articles from publication to search: fetched, archived, cleaned, annotated, indexed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(cls=QueryCommand)(search)
for command in (ingest, backfill, replay, maintain, history, extract, annotate, ledger, serve, backup, restore):
    app.command()(command)
app.add_typer(feeds, name="feeds")
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(index, name="index")
app.add_typer(stories, name="stories")
app.add_typer(searches, name="searches")
app.add_typer(alerts, name="alerts")
app.add_typer(entities, name="entities")


def run() -> None:
    """Run the command; an error of ours is one line on standard error and the exit code that it calls for."""
    log = logging.StreamHandler()
    log.setFormatter(console.DisarmedFormatter("newswire: %(message)s"))
    logging.basicConfig(handlers=[log], level=logging.WARNING)
    # A library whose every doubt is a warning: what matters of it comes back to us as an error.
    logging.getLogger("elastic_transport").setLevel(logging.CRITICAL)
    try:
        app()
    except (UsageError, Reject) as error:
        console.complain(str(error))
        sys.exit(2)
    except NewswireError as error:
        console.complain(str(error))
        sys.exit(1)
    except UnicodeEncodeError:
        # Of a file such bytes may be the name; no database and no other program takes them as text.
        bad = [each for each in sys.argv if any("\udc80" <= sign <= "\udcff" for sign in each)]
        if not bad:
            raise
        console.complain(f"{bad[0]!r} is no text in UTF-8")
        sys.exit(2)
    except BrokenPipeError:  # the reader, such as head, has seen enough
        sys.stderr.close()
        sys.exit(0)
