"""Who is next of a concurrency key is found at once, however many wait for it; built beside a live table."""

from django.db import migrations, models

import jobs.states
from jobs.live_indexes import AddIndexLive, RemoveIndexLive


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('jobs', '0019_runs_without_checks'),
    ]

    operations = [
        AddIndexLive(
            model_name='run',
            index=models.Index(condition=models.Q(('concurrency_key__isnull', False), ('state__in', [jobs.states.State['QUEUED'], jobs.states.State['RETRYING'], jobs.states.State['RUNNING'], jobs.states.State['SCHEDULED']])), fields=['concurrency_key', '-priority', 'created_at', 'id'], name='run_of_key'),
        ),
        RemoveIndexLive(
            model_name='run',
            name='run_keyed',
        ),
    ]
