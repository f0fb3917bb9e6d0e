"""What every row of a run paid for at each write, see ADR 22; no row is read and none rewritten."""

from django.db import migrations

from jobs.live_checks import WithoutChecksLive


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('jobs', '0018_day_tallies'),
    ]

    operations = [
        WithoutChecksLive(
            'run',
            ('attempt', 'max_attempts', 'token', 'process_id', 'concurrency_limit', 'concurrency_slot', 'max_rss'),
        ),
    ]
